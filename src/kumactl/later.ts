// Commands of Kuma's kumactl that this version does not have yet: they say so instead of doing half of it.
import type { CommandSpec } from "#platform/command-line";

const later = (path: string, summary: string): CommandSpec => ({
  name: path.split(" ").at(-1) ?? path,
  summary,
  takesAnything: true,
  run: () => {
    throw new Error(`kumactl ${path} is not part of this version yet; it comes in a later one`);
  },
});

export const installCommand = (): CommandSpec => ({
  name: "install",
  summary: "Install parts of the mesh",
  commands: [
    later("install control-plane", "Print what a control plane on Kubernetes is made of (comes in a later version)"),
    later("install crds", "Print the custom resource definitions for Kubernetes (comes in a later version)"),
    later("install demo", "Print a demo application for Kubernetes (comes in a later version)"),
    later("install observability", "Print Prometheus, Grafana, Jaeger and Loki for Kubernetes (comes in a later version)"),
    later("install transparent-proxy", "Redirect the traffic of this machine to its proxy (comes in a later version)"),
    later("install transparent-proxy-validator", "Check that traffic is redirected (comes in a later version)"),
  ],
});

export const uninstallCommand = (): CommandSpec => ({
  name: "uninstall",
  summary: "Take away what was installed",
  commands: [
    later("uninstall ebpf", "Take away redirection by eBPF (comes in a later version)"),
    later("uninstall transparent-proxy", "Take away the redirection of this machine (comes in a later version)"),
  ],
});
