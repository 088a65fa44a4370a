/** Dispatch courier plugin protocol, version 1, and the parcel it is about. */
export {
  type CourierEvent,
  CourierEventSchema,
  type OutboundMessage,
  OutboundMessageSchema,
} from "./events.ts";
export { COURIER_EVENT_METHOD, COURIER_METHODS, COURIER_PROTOCOL_VERSION } from "./methods.ts";
export {
  PARCEL_FORMAT_VERSION,
  PARCEL_INSTRUCTION_KINDS,
  PARCEL_SCHEMA_URL,
  type ParcelFile,
  ParcelFileSchema,
  ParcelHeaderSchema,
  type ParcelInstruction,
  ParcelInstructionSchema,
  type ParcelLock,
  ParcelLockSchema,
  type ParcelManifest,
  ParcelManifestSchema,
  type ParcelModel,
  ParcelModelSchema,
  type ParcelTool,
  ParcelToolSchema,
} from "./parcel.ts";
export {
  type Catalog,
  type CatalogEntry,
  CatalogEntrySchema,
  CatalogSchema,
  type CourierPluginManifest,
  CourierPluginManifestSchema,
  RELEASE_TARGETS,
} from "./plugin-manifest.ts";
export {
  CapabilitiesParamsSchema,
  InspectParamsSchema,
  OpenSessionParamsSchema,
  type Operation,
  OperationSchema,
  ResumeSessionParamsSchema,
  type RunParams,
  RunParamsSchema,
  ShutdownParamsSchema,
  ValidateParcelParamsSchema,
} from "./requests.ts";
export {
  type Capabilities,
  CapabilitiesSchema,
  COURIER_KINDS,
  type CourierErrorData,
  CourierErrorDataSchema,
  type CourierResult,
  CourierResultSchema,
  type Inspection,
  InspectionSchema,
} from "./results.ts";
export {
  type CourierSession,
  CourierSessionSchema,
  type IncomingSession,
  IncomingSessionSchema,
  MOUNT_KINDS,
  type Mount,
  type MountKind,
  MountKindSchema,
  MountSchema,
  type ResolvedMount,
  ResolvedMountSchema,
} from "./session.ts";
export {
  A2A_ENDPOINT_MODES,
  type A2aAuth,
  A2aAuthSchema,
  type LocalToolSpec,
  LocalToolSpecSchema,
  TOOL_APPROVALS,
  TOOL_RISKS,
} from "./tools.ts";
