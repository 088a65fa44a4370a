/** The deployment plugin on an embedded service without a socket, for mutated requests. */
import { createDeploymentPlugin } from "../../src/adapters/deployment/index.ts";
import { MemoryNotes } from "../../src/core/deployment/deployment-notes.ts";
import { DeploymentDesk } from "../../src/core/engine.ts";
import { LocalCloud, PUBLISHER_PREFIX } from "../../src/local/index.ts";
import type { HttpTransport } from "../../src/seren/http/transport.ts";
import { SerenClient } from "../../src/seren/index.ts";
import { realAmbient } from "../../src/support/ambient.ts";
import { ExecutionFailure } from "../../src/support/failure.ts";
import { DECLARED } from "./canaries.ts";
import { ROOT } from "./chaos-child.ts";

export function deploymentPlugin() {
  const cloud = new LocalCloud({ ambient: realAmbient });
  const request: HttpTransport["request"] = async ({ method, path, body, signal }) => {
    const headers = { authorization: "Bearer seren_fuzz", "content-type": "application/json" };
    const response = await cloud.handle({ method, path: PUBLISHER_PREFIX + path, headers, body }, signal);
    if (response.drop || typeof response.body !== "string") throw new ExecutionFailure("unavailable", "no answer");
    return { status: response.status, headers: response.headers, body: response.body };
  };
  const openStream = () => Promise.reject(new Error("no streams here"));
  const client = new SerenClient({ request, openStream, close: async () => undefined }, realAmbient);
  const refused = () => Promise.reject(new ExecutionFailure("unsupported", "nothing is uploaded here"));
  const desk = new DeploymentDesk({ client, notes: new MemoryNotes(), put: refused });
  const redactor = { add: () => undefined };
  return createDeploymentPlugin({
    connection: { local: false, base: () => "http://127.0.0.1", baseOf: (origin) => origin, redactor },
    connect: async () => desk,
    secret: (name) => DECLARED[name],
    variable: (name) => DECLARED[name],
    cwd: ROOT,
    redactor,
    interrupted: new AbortController().signal,
    ambient: realAmbient,
  });
}
