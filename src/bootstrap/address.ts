// Telling IP addresses from names, without a socket library.

const v4 = /^(25[0-5]|2[0-4]\d|1?\d?\d)(\.(25[0-5]|2[0-4]\d|1?\d?\d)){3}$/;

export const isIP = (host: string): boolean => v4.test(host) || (host.includes(":") && /^[0-9a-fA-F:.]+$/.test(host));

/** The name in a Host header, without its port and without the brackets of IPv6. */
export function hostName(header: string): string {
  if (header.startsWith("[")) return header.slice(1, header.indexOf("]"));
  return header.replace(/:\d+$/, "");
}
