// Reads `grpc-status-details-bin`: the typed details of an error (PLT-7).
import protobuf from 'protobufjs';
import {join, resolve} from 'node:path';
import {fileURLToPath} from 'node:url';

const protoDir = resolve(fileURLToPath(import.meta.url), '../../../protos');
const root = new protobuf.Root();
root.resolvePath = (_, target) => (target.startsWith('/') ? target : join(protoDir, target));
root.loadSync(['google/rpc/status.proto', 'google/rpc/error_details.proto'], {keepCase: true});

// By type name: {ErrorInfo: {reason, domain, metadata}, BadRequest: {field_violations: […]}, …}.
export function decodeDetails(bytes) {
  if (!bytes) return {};
  const status = root.lookupType('google.rpc.Status').decode(bytes);
  return Object.fromEntries(status.details.map((any) => {
    const type = root.lookupType(any.type_url.split('/').pop());
    return [type.name, type.toObject(type.decode(any.value), {longs: String, enums: String})];
  }));
}
