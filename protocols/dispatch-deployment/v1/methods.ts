/**
 * The version and the method names, without the schemas: the first reply, which needs them, is sent before those are
 * loaded. Source: Dispatch 0.4, `crates/dispatch-deployment-protocol/src/lib.rs`.
 */

export const DEPLOYMENT_PROTOCOL_VERSION = 1;

/** Host → plugin, requests. There are no notifications in either direction. */
export const DEPLOYMENT_METHODS = {
  capabilities: "deployment.capabilities",
  configure: "deployment.configure",
  health: "deployment.health",
  validate: "deployment.validate",
  testRun: "deployment.test_run",
  deploy: "deployment.deploy",
  upsert: "deployment.upsert",
  previewUpdate: "deployment.preview_update",
  update: "deployment.update",
  get: "deployment.get",
  list: "deployment.list",
  listRevisions: "deployment.list_revisions",
  previewRollback: "deployment.preview_rollback",
  rollback: "deployment.rollback",
  start: "deployment.start",
  stop: "deployment.stop",
  delete: "deployment.delete",
  shutdown: "deployment.shutdown",
} as const;
