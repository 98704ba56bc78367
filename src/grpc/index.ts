// gRPC over sockets that security made: bytes in, bytes out.
export { http2Server, type GrpcCall, type Http2Options, type HttpRequest, type HttpResponse } from "./server.ts";
export { frameOf, FrameReader, FramingError } from "./framing.ts";
export { status } from "./status.ts";
