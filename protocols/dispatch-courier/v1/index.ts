/** Dispatch courier plugin protocol, version 1, and the parcel it is about. */
export {
  type CourierEvent,
  CourierEventSchema,
} from "./events.ts";
export { COURIER_EVENT_METHOD, COURIER_METHODS, COURIER_PROTOCOL_VERSION } from "./methods.ts";
export {
  PARCEL_FORMAT_VERSION,
  PARCEL_SCHEMA_URL,
  type ParcelFile,
  ParcelHeaderSchema,
  ParcelLockSchema,
  type ParcelManifest,
  ParcelManifestSchema,
  type ParcelModel,
  type ParcelTool,
  ParcelToolSchema,
} from "./parcel.ts";
export {
  CatalogSchema,
  CourierPluginManifestSchema,
} from "./plugin-manifest.ts";
export {
  CapabilitiesParamsSchema,
  InspectParamsSchema,
  OpenSessionParamsSchema,
  type Operation,
  OperationSchema,
  ResumeSessionParamsSchema,
  RunParamsSchema,
  ShutdownParamsSchema,
  ValidateParcelParamsSchema,
} from "./requests.ts";
export {
  type Capabilities,
  CourierErrorDataSchema,
  type CourierResult,
  CourierResultSchema,
  type Inspection,
} from "./results.ts";
export {
  type CourierSession,
  CourierSessionSchema,
  type IncomingSession,
  IncomingSessionSchema,
  MOUNT_KINDS,
  type Mount,
  type ResolvedMount,
  ResolvedMountSchema,
} from "./session.ts";
export {
  type LocalToolSpec,
  LocalToolSpecSchema,
} from "./tools.ts";
