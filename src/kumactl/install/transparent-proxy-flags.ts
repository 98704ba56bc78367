// Flags of the redirection of a machine's traffic: names and defaults are Kuma's.
import type { Flag } from "#platform/command-line";

const text = (name: string, help: string, fallback?: string): Flag => ({ name, type: "string", help, ...(fallback === undefined ? {} : { fallback }) });
const yes = (name: string, help: string): Flag => ({ name, type: "bool", help });
const each = (name: string, help: string): Flag => ({ name, type: "stringArray", help });
const port = (name: string, help: string, fallback: string): Flag => ({ name, type: "port", help, fallback });
const count = (name: string, help: string, fallback?: string): Flag => ({ name, type: "uint", help, ...(fallback === undefined ? {} : { fallback }) });

const dryRun = yes("dry-run", "print what would be done and do nothing");
const verbose = yes("verbose", "say more");
const bpffsPath = text("ebpf-bpffs-path", "where the BPF file system is", "/run/kuma/bpf");
const exclusion = "address or range, as 10.0.0.1, 192.168.0.0/24 or fd00::/8; several by commas or by giving the flag again";

export const transparentProxyFlags: readonly Flag[] = [
  each("config", "files of settings, divided by commas, or - for the standard input; a later one wins over an earlier one"),
  yes("disable-comments", "rules carry no comments"),
  yes("drop-invalid-packets", "drop packets in an invalid state, which might reach the application past the proxy; costs a little of each connection's speed"),
  dryRun,
  bpffsPath,
  text("ebpf-cgroup-path", "where cgroup2 is", "/sys/fs/cgroup"),
  yes("ebpf-enabled", "redirect by eBPF instead of iptables"),
  text("ebpf-instance-ip", "address of this machine or pod"),
  text("ebpf-programs-source-path", "where the compiled eBPF programs are", "/tmp/kuma-ebpf"),
  text("ebpf-tc-attach-iface", "network interface to which eBPF programs are attached"),
  each("exclude-inbound-ips", `callers whose requests are not redirected: ${exclusion}`),
  { name: "exclude-inbound-ports", type: "ports", help: "ports to which requests are not redirected, divided by commas" },
  each("exclude-outbound-ips", `destinations to which requests are not redirected: ${exclusion}`),
  { name: "exclude-outbound-ports", type: "ports", help: "ports of destinations to which requests are not redirected, divided by commas" },
  each("exclude-outbound-ports-for-uids", "requests of users that are not redirected, as protocol:ports:uids; protocol (tcp, udp) and ports (a value, a list, a range or *) can be left out, as in 53,3000-5000:106-108"),
  text("ip-family-mode", "dualstack or ipv4", "dualstack"),
  { ...text("iptables-executables", "paths of iptables, iptables-save, iptables-restore and of the same for ip6tables: all three of a family or none"), valueName: "name:path[,name:path...]" },
  yes("iptables-logs", "the kernel logs packets that match a rule (dmesg)"),
  text("kuma-dp-user", "name or UID of the user that runs kuma-dp; without it the user with UID 5678 or named kuma-dp"),
  count("max-retries", "how often a failed installation is tried again", "4"),
  yes("redirect-all-dns-traffic", "redirect all DNS requests, not only those to the servers of /etc/resolv.conf"),
  yes("redirect-dns", "redirect DNS requests to the servers of /etc/resolv.conf"),
  port("redirect-dns-port", "port to which DNS requests are redirected", "15053"),
  { ...yes("redirect-inbound", "redirect incoming requests; gateways do not need it"), fallback: "true" },
  yes("redirect-inbound-insert-instead-of-append", "the rule for incoming requests comes before the others of PREROUTING, which might lead them elsewhere; with --vnet it does anyway"),
  port("redirect-inbound-port", "port to which incoming requests are redirected (redirectPortInbound of the Dataplane)", "15006"),
  yes("redirect-outbound-insert-instead-of-append", "the rule for outgoing requests comes before the others of OUTPUT, which might lead them elsewhere; with --vnet it does anyway"),
  port("redirect-outbound-port", "port to which outgoing requests are redirected (redirectPortOutbound of the Dataplane)", "15001"),
  yes("skip-dns-conntrack-zone-split", "DNS requests of the application and of the proxy share one zone of connection tracking"),
  { name: "sleep-between-retries", type: "duration", help: "how long to wait between two tries", fallback: "2s" },
  yes("store-firewalld", "keep the rules in firewalld"),
  verbose,
  each("vnet", "virtual networks, as interface:range; the interface may be a pattern, as in docker0:172.17.0.0/16 or br+:172.18.0.0/16"),
  count("wait", "how many seconds to wait for the lock of xtables", "5"),
  count("wait-interval", "how many microseconds between two tries to get that lock"),
];

export const validatorFlags: readonly Flag[] = [
  text("ip-family-mode", "dualstack or ipv4", "dualstack"),
  each("transparent-proxy-config", "files of settings, divided by commas, or - for the standard input; a later one wins over an earlier one"),
  { name: "validation-server-port", type: "uint16", help: "port on which redirected requests are expected", fallback: "15006" },
];

export const uninstallFlags: readonly Flag[] = [dryRun, bpffsPath, yes("ebpf-enabled", "take away redirection by eBPF"), verbose];
