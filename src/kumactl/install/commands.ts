// `kumactl install` and `uninstall`: every command of Kuma's with its flags. What this version cannot do it says instead of doing half of it.
import type { CommandSpec, Flag } from "#platform/command-line";
import { controlPlaneFlags, crdFlags, demoFlags, ebpfFlags, observabilityFlags } from "./kubernetes-flags.ts";
import { transparentProxyFlags, uninstallFlags, validatorFlags } from "./transparent-proxy-flags.ts";

export const installCommand = (): CommandSpec => ({
  name: "install",
  summary: "Install parts of the mesh",
  commands: [
    later("install control-plane", "Print what a control plane on Kubernetes is made of (comes in a later version)", controlPlaneFlags, "start one with kuma-cp run"),
    later("install crds", "Print the custom resource definitions for Kubernetes (comes in a later version)", crdFlags),
    later("install demo", "Print a demo application for Kubernetes (comes in a later version)", demoFlags),
    later("install observability", "Print Prometheus, Grafana, Jaeger and Loki for Kubernetes (comes in a later version)", observabilityFlags),
    {
      ...later("install transparent-proxy", "Redirect the traffic of this machine to its proxy (comes in a later version)", transparentProxyFlags, "list outbounds in the Dataplane"),
      hidesSharedFlags: true,
    },
    later("install transparent-proxy-validator", "Check that traffic is redirected (comes in a later version)", validatorFlags),
  ],
});

export const uninstallCommand = (): CommandSpec => ({
  name: "uninstall",
  summary: "Take away what was installed",
  commands: [
    later("uninstall ebpf", "Take away redirection by eBPF (comes in a later version)", ebpfFlags),
    later("uninstall transparent-proxy", "Take away the redirection of this machine (comes in a later version)", uninstallFlags),
  ],
});

/** `meanwhile` is what a user does until then. */
const later = (path: string, summary: string, flags: readonly Flag[], meanwhile?: string): CommandSpec => ({
  name: path.split(" ").at(-1) ?? path,
  summary,
  flags,
  run: () => {
    throw new Error(`kumactl ${path} is not part of this version yet; it comes in a later one${meanwhile ? ` (until then: ${meanwhile})` : ""}`);
  },
});
