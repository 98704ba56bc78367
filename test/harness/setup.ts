// Runs before each test file: nothing that the file writes to the temporary folder outlives it.
import { afterAll } from "vitest";
import { gatherTemporaryFiles } from "./temporary-folder.ts";

const remove = gatherTemporaryFiles();
// Registered first, so it runs after the hooks of the file.
afterAll(remove);
