/**
 * The version and the method names, without the schemas: the first reply, which needs them, is sent before those are
 * loaded. Source: Dispatch 0.4, `crates/dispatch-courier-protocol/src/lib.rs`.
 */

export const COURIER_PROTOCOL_VERSION = 1;

/** Host → courier, requests. */
export const COURIER_METHODS = {
  capabilities: "courier.capabilities",
  validateParcel: "courier.validate_parcel",
  inspect: "courier.inspect",
  openSession: "courier.open_session",
  resumeSession: "courier.resume_session",
  run: "courier.run",
  shutdown: "courier.shutdown",
} as const;

/** Courier → host, notifications. */
export const COURIER_EVENT_METHOD = "courier.event";
