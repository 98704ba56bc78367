// A thread made early is taken once, by who runs the same program; it stands in nobody's way.
import { once } from "node:events";
import { expect, test } from "vitest";
import { dropEarlyThread, makeThreadEarly, takeThread } from "./index.ts";

const program = (text: string) => new URL(`data:text/javascript,${encodeURIComponent(text)}`);
const echo = program('import { parentPort } from "node:worker_threads"; parentPort.on("message", (it) => parentPort.postMessage(it));');

async function answers(worker: ReturnType<typeof takeThread>): Promise<void> {
  const answer = once(worker, "message");
  worker.postMessage("hello");
  expect((await answer)[0]).toBe("hello");
}

test("it is taken once, and hears what was said before it was up", async () => {
  makeThreadEarly(echo);
  const [first, second] = [takeThread(echo), takeThread(echo)];
  expect(second.threadId).not.toBe(first.threadId);
  await Promise.all([answers(first), answers(second)]);
  await Promise.all([first.terminate(), second.terminate()]);
});

test("another program has a thread of its own; the early one can be dropped", async () => {
  makeThreadEarly(echo);
  const other = takeThread(program("process.exitCode = 0;"));
  await once(other, "exit");
  await dropEarlyThread();
  const fresh = takeThread(echo);
  await answers(fresh);
  await fresh.terminate();
});

test("one that broke before it was taken is not handed out; who takes one hears the reason", async () => {
  const broken = program('throw new Error("no such module");');
  makeThreadEarly(broken);
  // A thread that begins later has ended: the early one has too.
  await once(takeThread(program("")), "exit");
  const taken = takeThread(broken);
  const [error] = (await once(taken, "error")) as [Error];
  expect(error.message).toBe("no such module");
});
