// Durable PUTs through the REST API (sqlite, fsynced before the answer), 32 at a time.
import { benchControlPlane } from "./control-plane.ts";

export async function run(args: readonly string[]): Promise<void> {
  const total = Number(args[0] ?? 5000);
  const controlPlane = await benchControlPlane();
  try {
    await new Promise((resolve) => setTimeout(resolve, 1000));
    let next = 0;
    const started = performance.now();
    const before = controlPlane.usage();
    const worker = async () => {
      while (next < total) {
        const name = `bench-${next++}`;
        await controlPlane.put(`/meshes/default/meshtimeouts/${name}`, {
          type: "MeshTimeout", mesh: "default", name, spec: { to: [{ targetRef: { kind: "Mesh" }, default: { idleTimeout: "1m" } }] },
        });
      }
    };
    await Promise.all(Array.from({ length: 32 }, worker));
    const seconds = (performance.now() - started) / 1000;
    const after = controlPlane.usage();
    console.log(`${total} PUTs in ${seconds.toFixed(2)} s: ${Math.round(total / seconds)} a second; cpu ${(after.cpuSeconds - before.cpuSeconds).toFixed(2)} s; rss ${Math.round(after.residentMb)} MB`);
  } finally {
    await controlPlane.stop();
  }
}
