#!/bin/sh
# Envoy's protos (package @grpc/grpc-js-xds) and ours (proto/) -> gen/ (js + d.ts). Nothing of it is committed.
set -eu
deps=node_modules/@grpc/grpc-js-xds/deps work=.protos
rm -rf $work gen
mkdir -p $work/src
for root in envoy-api xds protoc-gen-validate googleapis; do
  (cd $deps/$root && find . -name '*.proto') | grep -E '^\./(envoy/(.*/v3/|annotations/)|xds/|udpa/|validate/|google/)' |
    grep -vE '/tests/|/java/|^\./google/(protobuf|logging)/|/google/api/service|/v[12](alpha[0-9]?)?/' |
    while read -r file; do
      mkdir -p "$work/src/${file%/*}"
      sed -E 's/,? ?ignore_empty: true//' "$deps/$root/$file" > "$work/src/$file"
    done
done
# These four import files that the package does not carry.
for file in config/trace/v3/opencensus config/trace/v3/trace service/metrics/v3/metrics_service service/trace/v3/trace_service; do
  rm -f $work/src/envoy/$file.proto
done
for file in xds/udpa/type/v1/typed_struct.proto $(cd $deps && find googleapis/google/api/expr -name '*.proto'); do
  mkdir -p "$work/src/$(dirname "${file#*/}")"
  cp "$deps/$file" "$work/src/${file#*/}"
done
# Fields that came to Envoy after the package: MeshTimeout by caller and MeshAccessLog need them.
add() {
  sed "$2" "$work/src/$1" > "$work/added" && mv "$work/added" "$work/src/$1"
}
add envoy/config/route/v3/route_components.proto 's|^  repeated type.matcher.v3.MetadataMatcher dynamic_metadata = 13;|& repeated type.matcher.v3.FilterStateMatcher filter_state = 16;|
s|^import "envoy/type/matcher/v3/metadata.proto";|import "envoy/type/matcher/v3/filter_state.proto"; &|'
add envoy/extensions/filters/network/set_filter_state/v3/set_filter_state.proto 's|^  repeated .* on_new_connection = 1;|& repeated common.set_filter_state.v3.FilterStateValue on_downstream_tls_handshake = 2;|'
add envoy/extensions/access_loggers/open_telemetry/v3/logs_service.proto 's|^  grpc.v3.CommonGrpcAccessLogConfig common_config = 1 .*|  grpc.v3.CommonGrpcAccessLogConfig common_config = 1; config.core.v3.GrpcService grpc_service = 9; string log_name = 10;|
s|^import "envoy/config/core/v3/extension.proto";|import "envoy/config/core/v3/grpc_service.proto"; &|'
cp -R proto/. $work/src/
printf 'version: v2\nmodules:\n  - path: src\n' > $work/buf.yaml
buf build $work -o $work/all.binpb
node tools/exclude-annotations.ts $work
(cd $work && buf generate --template buf.gen.yaml)
node tools/envoy-rules.ts $work
