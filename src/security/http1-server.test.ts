import { connect, createServer } from "node:net";
import { expect, test } from "vitest";
import { createHttp1Server, feedHttp1 } from "./http1-server.ts";

async function exchange(listener: Parameters<typeof createHttp1Server>[0], requests: string): Promise<string> {
  const server = createHttp1Server(listener);
  const door = createServer(feedHttp1(server));
  await new Promise<void>((resolve) => door.listen(0, "127.0.0.1", resolve));
  const address = door.address();
  const port = typeof address === "object" && address ? address.port : 0;
  return new Promise((resolve) => {
    let text = "";
    const socket = connect(port, "127.0.0.1", () => socket.write(requests));
    socket.on("data", (chunk) => (text += chunk.toString()));
    socket.on("error", () => {});
    socket.on("close", () => {
      door.close();
      resolve(text);
    });
  });
}

const ask = (path: string, last = false) => `GET ${path} HTTP/1.1\r\nhost: x\r\n${last ? "connection: close\r\n" : ""}\r\n`;

test("requests sent together are answered one after the other, in order", async () => {
  let atWork = 0;
  let most = 0;
  const text = await exchange((request, response) => {
    most = Math.max(most, ++atWork);
    setTimeout(() => {
      atWork--;
      response.end(request.url);
    }, 5);
  }, ask("/of-1") + ask("/of-2") + ask("/of-3", true));
  expect([most, text.match(/\/of-\d/g)]).toEqual([1, ["/of-1", "/of-2", "/of-3"]]);
});

test("a connection that sends more together than anybody would is closed", async () => {
  let begun = 0;
  await exchange(() => void begun++, ask("/").repeat(200));
  expect(begun).toBe(1);
});
