// Filters that we never make, and that users' patches may bring.
import { file_envoy_extensions_filters_http_cors_v3_cors } from "#gen/envoy/extensions/filters/http/cors/v3/cors_pb.js";
import { file_envoy_extensions_filters_http_ext_authz_v3_ext_authz } from "#gen/envoy/extensions/filters/http/ext_authz/v3/ext_authz_pb.js";
import { file_envoy_extensions_filters_http_ext_proc_v3_ext_proc } from "#gen/envoy/extensions/filters/http/ext_proc/v3/ext_proc_pb.js";
import { file_envoy_extensions_filters_http_ext_proc_v3_processing_mode } from "#gen/envoy/extensions/filters/http/ext_proc/v3/processing_mode_pb.js";
import { file_envoy_extensions_filters_http_jwt_authn_v3_config } from "#gen/envoy/extensions/filters/http/jwt_authn/v3/config_pb.js";
import { file_envoy_extensions_filters_http_oauth2_v3_oauth } from "#gen/envoy/extensions/filters/http/oauth2/v3/oauth_pb.js";
import { file_envoy_extensions_filters_http_buffer_v3_buffer } from "#gen/envoy/extensions/filters/http/buffer/v3/buffer_pb.js";
import { file_envoy_extensions_filters_http_compressor_v3_compressor } from "#gen/envoy/extensions/filters/http/compressor/v3/compressor_pb.js";
import { file_envoy_extensions_filters_http_decompressor_v3_decompressor } from "#gen/envoy/extensions/filters/http/decompressor/v3/decompressor_pb.js";
import { file_envoy_extensions_filters_http_header_to_metadata_v3_header_to_metadata } from "#gen/envoy/extensions/filters/http/header_to_metadata/v3/header_to_metadata_pb.js";
import { file_envoy_extensions_filters_http_header_mutation_v3_header_mutation } from "#gen/envoy/extensions/filters/http/header_mutation/v3/header_mutation_pb.js";
import { file_envoy_extensions_filters_http_health_check_v3_health_check } from "#gen/envoy/extensions/filters/http/health_check/v3/health_check_pb.js";
import { file_envoy_extensions_filters_http_csrf_v3_csrf } from "#gen/envoy/extensions/filters/http/csrf/v3/csrf_pb.js";
import { file_envoy_extensions_filters_http_grpc_json_transcoder_v3_transcoder } from "#gen/envoy/extensions/filters/http/grpc_json_transcoder/v3/transcoder_pb.js";
import { file_envoy_extensions_filters_http_grpc_web_v3_grpc_web } from "#gen/envoy/extensions/filters/http/grpc_web/v3/grpc_web_pb.js";
import { file_envoy_extensions_filters_http_bandwidth_limit_v3_bandwidth_limit } from "#gen/envoy/extensions/filters/http/bandwidth_limit/v3/bandwidth_limit_pb.js";
import { file_envoy_extensions_filters_http_adaptive_concurrency_v3_adaptive_concurrency } from "#gen/envoy/extensions/filters/http/adaptive_concurrency/v3/adaptive_concurrency_pb.js";
import { file_envoy_extensions_filters_http_admission_control_v3_admission_control } from "#gen/envoy/extensions/filters/http/admission_control/v3/admission_control_pb.js";
import { file_envoy_extensions_filters_http_ip_tagging_v3_ip_tagging } from "#gen/envoy/extensions/filters/http/ip_tagging/v3/ip_tagging_pb.js";
import { file_envoy_extensions_filters_http_set_metadata_v3_set_metadata } from "#gen/envoy/extensions/filters/http/set_metadata/v3/set_metadata_pb.js";
import { file_envoy_extensions_filters_http_ratelimit_v3_rate_limit } from "#gen/envoy/extensions/filters/http/ratelimit/v3/rate_limit_pb.js";
import { file_envoy_extensions_filters_http_wasm_v3_wasm } from "#gen/envoy/extensions/filters/http/wasm/v3/wasm_pb.js";
import { file_envoy_extensions_filters_http_basic_auth_v3_basic_auth } from "#gen/envoy/extensions/filters/http/basic_auth/v3/basic_auth_pb.js";
import { file_envoy_extensions_filters_http_tap_v3_tap } from "#gen/envoy/extensions/filters/http/tap/v3/tap_pb.js";
import { file_envoy_extensions_filters_http_cdn_loop_v3_cdn_loop } from "#gen/envoy/extensions/filters/http/cdn_loop/v3/cdn_loop_pb.js";
import { file_envoy_extensions_filters_network_connection_limit_v3_connection_limit } from "#gen/envoy/extensions/filters/network/connection_limit/v3/connection_limit_pb.js";
import { file_envoy_extensions_filters_network_direct_response_v3_config } from "#gen/envoy/extensions/filters/network/direct_response/v3/config_pb.js";
import { file_envoy_extensions_filters_network_ext_authz_v3_ext_authz } from "#gen/envoy/extensions/filters/network/ext_authz/v3/ext_authz_pb.js";
import { file_envoy_extensions_filters_network_mongo_proxy_v3_mongo_proxy } from "#gen/envoy/extensions/filters/network/mongo_proxy/v3/mongo_proxy_pb.js";
import { file_envoy_extensions_filters_network_ratelimit_v3_rate_limit } from "#gen/envoy/extensions/filters/network/ratelimit/v3/rate_limit_pb.js";
import { file_envoy_extensions_filters_network_redis_proxy_v3_redis_proxy } from "#gen/envoy/extensions/filters/network/redis_proxy/v3/redis_proxy_pb.js";
import { file_envoy_extensions_filters_network_sni_cluster_v3_sni_cluster } from "#gen/envoy/extensions/filters/network/sni_cluster/v3/sni_cluster_pb.js";
import { file_envoy_extensions_filters_network_wasm_v3_wasm } from "#gen/envoy/extensions/filters/network/wasm/v3/wasm_pb.js";
import { file_envoy_extensions_filters_network_zookeeper_proxy_v3_zookeeper_proxy } from "#gen/envoy/extensions/filters/network/zookeeper_proxy/v3/zookeeper_proxy_pb.js";
import { file_envoy_extensions_filters_listener_http_inspector_v3_http_inspector } from "#gen/envoy/extensions/filters/listener/http_inspector/v3/http_inspector_pb.js";
import { file_envoy_extensions_filters_listener_original_dst_v3_original_dst } from "#gen/envoy/extensions/filters/listener/original_dst/v3/original_dst_pb.js";
import { file_envoy_extensions_filters_listener_original_src_v3_original_src } from "#gen/envoy/extensions/filters/listener/original_src/v3/original_src_pb.js";
import { file_envoy_extensions_filters_listener_proxy_protocol_v3_proxy_protocol } from "#gen/envoy/extensions/filters/listener/proxy_protocol/v3/proxy_protocol_pb.js";
import { file_envoy_extensions_filters_listener_local_ratelimit_v3_local_ratelimit } from "#gen/envoy/extensions/filters/listener/local_ratelimit/v3/local_ratelimit_pb.js";
import { file_envoy_extensions_compression_brotli_compressor_v3_brotli } from "#gen/envoy/extensions/compression/brotli/compressor/v3/brotli_pb.js";
import { file_envoy_extensions_compression_gzip_compressor_v3_gzip } from "#gen/envoy/extensions/compression/gzip/compressor/v3/gzip_pb.js";
import { file_envoy_extensions_compression_zstd_compressor_v3_zstd } from "#gen/envoy/extensions/compression/zstd/compressor/v3/zstd_pb.js";
import { file_envoy_extensions_transport_sockets_raw_buffer_v3_raw_buffer } from "#gen/envoy/extensions/transport_sockets/raw_buffer/v3/raw_buffer_pb.js";
import { file_envoy_extensions_transport_sockets_proxy_protocol_v3_upstream_proxy_protocol } from "#gen/envoy/extensions/transport_sockets/proxy_protocol/v3/upstream_proxy_protocol_pb.js";
import { file_envoy_extensions_wasm_v3_wasm } from "#gen/envoy/extensions/wasm/v3/wasm_pb.js";

export const filtersOfOthers = [
  file_envoy_extensions_filters_http_cors_v3_cors,
  file_envoy_extensions_filters_http_ext_authz_v3_ext_authz,
  file_envoy_extensions_filters_http_ext_proc_v3_ext_proc,
  file_envoy_extensions_filters_http_ext_proc_v3_processing_mode,
  file_envoy_extensions_filters_http_jwt_authn_v3_config,
  file_envoy_extensions_filters_http_oauth2_v3_oauth,
  file_envoy_extensions_filters_http_buffer_v3_buffer,
  file_envoy_extensions_filters_http_compressor_v3_compressor,
  file_envoy_extensions_filters_http_decompressor_v3_decompressor,
  file_envoy_extensions_filters_http_header_to_metadata_v3_header_to_metadata,
  file_envoy_extensions_filters_http_header_mutation_v3_header_mutation,
  file_envoy_extensions_filters_http_health_check_v3_health_check,
  file_envoy_extensions_filters_http_csrf_v3_csrf,
  file_envoy_extensions_filters_http_grpc_json_transcoder_v3_transcoder,
  file_envoy_extensions_filters_http_grpc_web_v3_grpc_web,
  file_envoy_extensions_filters_http_bandwidth_limit_v3_bandwidth_limit,
  file_envoy_extensions_filters_http_adaptive_concurrency_v3_adaptive_concurrency,
  file_envoy_extensions_filters_http_admission_control_v3_admission_control,
  file_envoy_extensions_filters_http_ip_tagging_v3_ip_tagging,
  file_envoy_extensions_filters_http_set_metadata_v3_set_metadata,
  file_envoy_extensions_filters_http_ratelimit_v3_rate_limit,
  file_envoy_extensions_filters_http_wasm_v3_wasm,
  file_envoy_extensions_filters_http_basic_auth_v3_basic_auth,
  file_envoy_extensions_filters_http_tap_v3_tap,
  file_envoy_extensions_filters_http_cdn_loop_v3_cdn_loop,
  file_envoy_extensions_filters_network_connection_limit_v3_connection_limit,
  file_envoy_extensions_filters_network_direct_response_v3_config,
  file_envoy_extensions_filters_network_ext_authz_v3_ext_authz,
  file_envoy_extensions_filters_network_mongo_proxy_v3_mongo_proxy,
  file_envoy_extensions_filters_network_ratelimit_v3_rate_limit,
  file_envoy_extensions_filters_network_redis_proxy_v3_redis_proxy,
  file_envoy_extensions_filters_network_sni_cluster_v3_sni_cluster,
  file_envoy_extensions_filters_network_wasm_v3_wasm,
  file_envoy_extensions_filters_network_zookeeper_proxy_v3_zookeeper_proxy,
  file_envoy_extensions_filters_listener_http_inspector_v3_http_inspector,
  file_envoy_extensions_filters_listener_original_dst_v3_original_dst,
  file_envoy_extensions_filters_listener_original_src_v3_original_src,
  file_envoy_extensions_filters_listener_proxy_protocol_v3_proxy_protocol,
  file_envoy_extensions_filters_listener_local_ratelimit_v3_local_ratelimit,
  file_envoy_extensions_compression_brotli_compressor_v3_brotli,
  file_envoy_extensions_compression_gzip_compressor_v3_gzip,
  file_envoy_extensions_compression_zstd_compressor_v3_zstd,
  file_envoy_extensions_transport_sockets_raw_buffer_v3_raw_buffer,
  file_envoy_extensions_transport_sockets_proxy_protocol_v3_upstream_proxy_protocol,
  file_envoy_extensions_wasm_v3_wasm,
] as const;
