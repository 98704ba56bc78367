// The meaning of CircuitBreaker, FaultInjection, HealthCheck, RateLimit, Retry and Timeout (texts observed at the reference).
import { HttpMethod } from "#gen/kuma/mesh/v1alpha1/selector_pb.js";
import type {
  CircuitBreaker, FaultInjection, FaultInjection_Conf, HealthCheck, HealthCheck_Conf_Http, RateLimit, RateLimit_Conf_Http, Retry, Retry_Conf_BackOff, Retry_Conf_Grpc, Retry_Conf_Http, Timeout, Timeout_Conf,
} from "#gen/kuma/mesh/v1alpha1/older_policies_pb.js";
import { violation, type Violation } from "../../failure.ts";
import { tag } from "../../resource.ts";
import { notEmpty, notZero, percentage, when, type Span } from "./checks.ts";
import { validateIncoming, validateOutgoing } from "./selectors.ts";

const undefinedConf = violation("conf", "has to be defined");
const isDefined = (value: unknown): boolean => value !== undefined;

export function validateCircuitBreaker(policy: CircuitBreaker): readonly Violation[] {
  const { conf } = policy;
  const parts = [...Object.entries(conf?.detectors ?? {}), ...Object.entries(conf?.thresholds ?? {})];
  const hasPart = parts.some(([key, value]) => !key.startsWith("$") && isDefined(value));
  const own = hasPart
    ? [...emptyPart("conf.detectors", conf?.detectors), ...emptyPart("conf.thresholds", conf?.thresholds), ...percentage("conf.maxEjectionPercent", conf?.maxEjectionPercent), ...percentage("conf.detectors.failure.threshold", conf?.detectors?.failure?.threshold)]
    : [violation("conf", "must have at least one of the detector or threshold configured")];
  return [...validateOutgoing(policy), ...own];
}

const emptyPart = (field: string, part: object | undefined) => when(part !== undefined && !Object.entries(part).some(([key, value]) => !key.startsWith("$") && isDefined(value)), field, "can't be empty");

export function validateFaultInjection(policy: FaultInjection): readonly Violation[] {
  const faultable = ["http", "http2", "grpc"];
  const protocols = policy.destinations.flatMap(({ match }, index) => {
    const at = `destinations[${index}].match`;
    const protocol = match[tag.protocol];
    if (protocol === undefined) return [violation(at, "protocol must be specified")];
    return when(!faultable.includes(protocol), `${at}["${tag.protocol}"]`, `must be one of the [${faultable.join(", ")}]`);
  });
  return [...validateIncoming(policy), ...protocols, ...validateFaults(policy.conf)];
}

function validateFaults(conf: FaultInjection_Conf | undefined): readonly Violation[] {
  const isSet = (fault: object | undefined) => Object.entries(fault ?? {}).some(([key, value]) => !key.startsWith("$") && isDefined(value));
  const { delay, abort, responseBandwidth } = conf ?? {};
  if (![delay, abort, responseBandwidth].some(isSet)) return [violation("conf", "must have at least one of the faults configured")];
  const share = (field: string, value: number | undefined) => (value === undefined ? notEmpty(field, value) : percentage(field, value));
  const status = abort?.httpStatus;
  return [
    ...(delay && isSet(delay) ? [...share("conf.delay.percentage", delay.percentage), ...notEmpty("conf.delay.value", delay.value)] : []),
    ...(abort && isSet(abort) ? [...share("conf.abort.percentage", abort.percentage), ...notEmpty("conf.abort.httpStatus", status)] : []),
    ...when(status !== undefined && (status < 100 || status >= 600), "conf.abort.httpStatus", "http status code is incorrect"),
    ...(responseBandwidth && isSet(responseBandwidth) ? [...share("conf.responseBandwidth.percentage", responseBandwidth.percentage), ...validateLimit(responseBandwidth.limit)] : []),
  ];
}

function validateLimit(limit: string | undefined): readonly Violation[] {
  if (limit === undefined) return notEmpty("conf.responseBandwidth.limit", limit);
  return when(!/^\d+\s*[kmg]bps$/i.test(limit), "conf.responseBandwidth.limit", "has to be in kbps/mbps/gbps units");
}

export function validateHealthCheck(policy: HealthCheck): readonly Violation[] {
  const { conf } = policy;
  if (!conf) return [...validateOutgoing(policy), undefinedConf];
  const text = "must have a positive value";
  const required = (field: string, value: Span | undefined) => (value === undefined ? [violation(field, text)] : notZero(field, value, text));
  const panic = conf.healthyPanicThreshold;
  return [
    ...validateOutgoing(policy),
    ...required("conf.interval", conf.interval),
    ...required("conf.timeout", conf.timeout),
    ...when(conf.unhealthyThreshold === 0, "conf.unhealthyThreshold", text),
    ...when(conf.healthyThreshold === 0, "conf.healthyThreshold", text),
    ...notZero("conf.initialJitter", conf.initialJitter, text),
    ...notZero("conf.intervalJitter", conf.intervalJitter, text),
    ...notZero("conf.noTrafficInterval", conf.noTrafficInterval, text),
    ...when(panic !== undefined && (panic < 0 || panic > 100), "conf.healthyPanicThreshold", "must be in range [0.0 - 100.0]"),
    ...when(conf.http !== undefined && conf.tcp !== undefined, "conf", "http and tcp cannot be defined at the same time"),
    ...(conf.http ? validateHttpCheck(conf.http) : []),
  ];
}

function validateHttpCheck(http: HealthCheck_Conf_Http): readonly Violation[] {
  return [
    ...when(http.path === "", "conf.http.path", "has to be defined and cannot be empty"),
    ...http.expectedStatuses.flatMap(({ value }, index) => when(value < 100 || value >= 600, `conf.http.expectedStatuses[${index}]`, "must be in range [100, 600)")),
    ...http.requestHeadersToAdd.flatMap(({ header }, index) => {
      const at = `conf.http.requestHeadersToAdd[${index}].header`;
      return header ? notEmpty(`${at}.key`, header.key) : [violation(at, "has to be defined")];
    }),
  ];
}

export function validateRateLimit(policy: RateLimit): readonly Violation[] {
  const { conf } = policy;
  const own = conf ? validateHttpLimit(conf.http) : [violation("conf", "must have conf")];
  return [...validateIncoming(policy), ...own];
}

function validateHttpLimit(http: RateLimit_Conf_Http | undefined): readonly Violation[] {
  if (!http) return [];
  return [
    ...when(http.requests === 0, "conf.http.requests", "requests must be set"),
    ...when(http.interval === undefined, "conf.http.interval", "interval must be set"),
    ...(http.onRateLimit?.headers ?? []).flatMap(({ key, value }, index) => {
      const at = `conf.http.onRateLimit.header["${index}"]`;
      return [...when(key === "", at, "key must be set"), ...when(value === "", at, "value must be set")];
    }),
  ];
}

export function validateRetry(policy: Retry): readonly Violation[] {
  const { conf } = policy;
  if (!conf) return [...validateOutgoing(policy), undefinedConf];
  if (!conf.http && !conf.grpc && !conf.tcp) return [...validateOutgoing(policy), violation("conf", "missing protocol [grpc|http|tcp] configuration")];
  return [
    ...validateOutgoing(policy),
    ...(conf.http ? validateHttpRetry(conf.http) : []),
    ...(conf.grpc ? validateAttempts("conf.grpc", conf.grpc, conf.grpc.retryOn.length === 0) : []),
    ...when(conf.tcp?.maxConnectAttempts === 0, "conf.tcp.maxConnectAttempts", "has to be greater than 0"),
  ];
}

function validateHttpRetry(http: Retry_Conf_Http): readonly Violation[] {
  const isBare = http.retriableStatusCodes.length + http.retriableMethods.length + http.retryOn.length === 0;
  return [
    ...validateAttempts("conf.http", http, isBare),
    ...http.retriableMethods.flatMap((method, index) => when(method === HttpMethod.NONE, `conf.http.retriableMethods[${index}]`, "field cannot be empty")),
  ];
}

function validateAttempts(at: string, retry: Retry_Conf_Http | Retry_Conf_Grpc, hasNoConditions: boolean): readonly Violation[] {
  const { numRetries, perTryTimeout, backOff } = retry;
  if (hasNoConditions && numRetries === undefined && !perTryTimeout && !backOff) return [violation(at, "field cannot be empty")];
  const text = "has to be greater than 0 when defined";
  return [
    ...when(numRetries === 0, `${at}.numRetries`, text),
    ...notZero(`${at}.perTryTimeout`, perTryTimeout, text),
    ...(backOff ? validateBackOff(`${at}.backOff`, backOff) : []),
  ];
}

function validateBackOff(at: string, { baseInterval, maxInterval }: Retry_Conf_BackOff): readonly Violation[] {
  const text = "has to be greater than 0";
  return [
    ...(baseInterval ? notZero(`${at}.baseInterval`, baseInterval, text) : [violation(`${at}.baseInterval`, "has to be defined")]),
    ...notZero(`${at}.maxInterval`, maxInterval, `${text} when defined`),
  ];
}

export function validateTimeout(policy: Timeout): readonly Violation[] {
  return [...validateOutgoing(policy), ...(policy.conf ? validateTimeouts(policy.conf) : [undefinedConf])];
}

function validateTimeouts({ tcp, http, grpc }: Timeout_Conf): readonly Violation[] {
  const section = <T extends object>(at: string, timeouts: T, neverZero: readonly (keyof T & string)[], text: string) => {
    const isEmpty = !Object.entries(timeouts).some(([key, value]) => !key.startsWith("$") && isDefined(value));
    if (isEmpty) return [violation(at, "at least one timeout in section has to be defined")];
    return neverZero.flatMap((field) => notZero(`${at}.${field}`, timeouts[field] as Span | undefined, text));
  };
  const whenDefined = "has to be greater than 0 when defined";
  return [
    ...(tcp ? section("conf.tcp", tcp, ["idleTimeout"], "has to be greater than 0") : []),
    ...(http ? section("conf.http", http, ["requestTimeout", "idleTimeout"], whenDefined) : []),
    ...(grpc ? section("conf.grpc", grpc, ["streamIdleTimeout", "maxStreamDuration"], whenDefined) : []),
  ];
}
