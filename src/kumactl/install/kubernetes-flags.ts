// Flags of what `kumactl install` and `uninstall` do on Kubernetes: names and defaults are Kuma's.
import type { Flag } from "#platform/command-line";
import { version } from "../program.ts";

const text = (name: string, help: string, fallback?: string): Flag => ({ name, type: "string", help, ...(fallback === undefined ? {} : { fallback }) });
const yes = (name: string, help: string): Flag => ({ name, type: "bool", help });
const pairs = (name: string, help: string): Flag => ({ name, type: "map", help });

/** Registry, repository and version of one image. */
const image = (prefix: string, of: string, repository: string): readonly Flag[] => [
  text(`${prefix}-registry`, `registry that holds the image of ${of}`),
  text(`${prefix}-repository`, `name of the image of ${of} in its registry`, repository),
  text(`${prefix}-version`, `version of the image of ${of}`, version),
];

export const controlPlaneFlags: readonly Flag[] = [
  text("cni-bin-dir", "directory of the CNI's programs on each node", "/var/lib/cni/bin"),
  yes("cni-chained", "add ours to the CNI plugins that are there"),
  text("cni-conf-name", "name of the CNI's configuration file", "kuma-cni.conf"),
  yes("cni-enabled", "redirect traffic by a CNI plugin instead of an init container"),
  text("cni-net-dir", "directory of the CNI's configuration on each node", "/etc/cni/multus/net.d"),
  pairs("cni-node-selector", "nodes on which the CNI plugin runs"),
  pairs("control-plane-node-selector", "nodes on which the control plane may run"),
  ...image("control-plane", "the control plane", "kuma-cp"),
  text("control-plane-service-name", "name of the control plane's Service", "kuma-control-plane"),
  ...image("dataplane-init", "the init container", "kuma-init"),
  ...image("dataplane", "the proxy", "kuma-dp"),
  yes("dump-values", "print all values of the chart that can be set"),
  text("egress-drain-time", "how long the egress's Envoy drains", "30s"),
  yes("egress-enabled", "also install an egress"),
  pairs("egress-node-selector", "nodes on which the egress may run"),
  text("egress-service-type", "type of the egress's Service: ClusterIP, NodePort or LoadBalancer", "ClusterIP"),
  pairs("env-var", "environment variables of the control plane"),
  pairs("hooks-node-selector", "nodes on which the jobs of the chart may run"),
  text("image-pull-policy", "pull policy of all images", "IfNotPresent"),
  text("ingress-drain-time", "how long the ingress's Envoy drains", "30s"),
  yes("ingress-enabled", "also install an ingress"),
  pairs("ingress-node-selector", "nodes on which the ingress may run"),
  yes("ingress-use-node-port", "the ingress's Service is a NodePort instead of a LoadBalancer"),
  text("injector-failure-policy", "what happens to pods while the injector cannot be reached", "Fail"),
  text("kds-global-address", "URL of the global control plane, as grpcs://192.168.0.1:5685"),
  text("mode", "mode of the control plane: standalone, zone or global", "zone"),
  text("namespace", "namespace of the control plane", "kuma-system"),
  text("registry", "registry of all images", "docker.io/kumahq"),
  { ...text("set", "set values of the chart, as key1=val1,key2=val2; can be given several times"), valueName: "helm template <chart> --set ..." },
  text("tls-api-server-client-certs-secret", "Secret with the client certificates (.pem) that may use the API's admin routes"),
  text("tls-api-server-secret", "Secret with tls.crt and tls.key of the API"),
  text("tls-general-ca-bundle", "CA of the control plane's certificate, in base64"),
  text("tls-general-ca-secret", "Secret with ca.crt that signed the control plane's certificate; wins over the ca.crt of --tls-general-secret"),
  text("tls-general-secret", "Secret with tls.crt, tls.key and, unless --tls-general-ca-secret is given, ca.crt of the control plane inside the cluster"),
  text("tls-kds-global-server-secret", "Secret with tls.crt and tls.key that the global control plane shows to zones"),
  text("tls-kds-zone-client-secret", "Secret with the ca.crt by which a zone verifies the global control plane"),
  yes("use-node-port", "the global control plane's Service is a NodePort instead of a LoadBalancer"),
  { ...text("values", "file with values of the chart, or - for the standard input"), short: "f", valueName: "helm template <chart> -f ..." },
  text("version", "version of all parts"),
  yes("without-kubernetes-connection", "ask no cluster: for first installations, not for upgrades"),
  text("zone", "name of the zone"),
];

export const crdFlags: readonly Flag[] = [yes("only-missing", "leave out those that the cluster has")];

export const demoFlags: readonly Flag[] = [
  text("namespace", "namespace of the demo", "kuma-demo"),
  text("system-namespace", "namespace of the control plane", "kuma-system"),
  yes("without-gateway", "leave out the gateway"),
  text("zone", "zone of the demo", "local"),
];

export const observabilityFlags: readonly Flag[] = [
  { name: "components", type: "strings", help: "what to install", fallback: "grafana,prometheus,loki,jaeger" },
  text("jaeger-address", "where Jaeger is asked", "http://jaeger-query.mesh-observability"),
  text("kuma-cp-address", "where the control plane serves Prometheus", "http://kuma-control-plane.kuma-system:5676"),
  text("loki-address", "where Loki is asked", "http://loki.mesh-observability:3100"),
  { ...text("mesh", "mesh to observe", "default"), short: "m" },
  text("namespace", "namespace of what is installed", "mesh-observability"),
  text("prometheus-address", "where Prometheus is asked", "http://prometheus-server.mesh-observability"),
];

export const ebpfFlags: readonly Flag[] = [
  text("bpffs-path", "where the BPF programs are", "/sys/fs/bpf"),
  text("cleanup-image-registry", "registry of the image that cleans up", "kumahq"),
  text("cleanup-image-repository", "name of the image that cleans up", "kuma-init"),
  text("cleanup-image-tag", "version of the image that cleans up", version),
  text("cleanup-job-name", "name of the job that cleans up", "kuma-bpf-cleanup"),
  text("namespace", "namespace of the job", "kuma-system"),
  yes("remove-only", "remove jobs that are there and start none"),
  { name: "timeout", type: "duration", help: "how long all of it may take", fallback: "2m0s" },
];
