// The store in memory keeps the contract of all stores.
import { storeContract } from "../store.contract.ts";
import { memoryStore } from "./memory.ts";

storeContract("memory", async (platform) => memoryStore(platform));
