// What is known of proxies, kept as resources.
export { trackProxies, type ProxyStatus, type ProxyStatusOptions } from "./proxy-status.ts";
