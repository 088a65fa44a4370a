/** The calls about deployments and about the bundles that code is deployed from, one method per operation. */
import { unabortable } from "../../support/abort.ts";
import { type FailureKind, isOneOf } from "../../support/failure.ts";
import { readBundleRegistration, readDeployment, readEach, readRows, readSpend } from "../mapping/answers.ts";
import { bundleBody, deploymentBody } from "../mapping/requests.ts";
import type { BundleRegistration, Deployment, NewBundle, NewDeployment, Rows, Spend } from "../model.ts";
import type { Call, Caller, CallOptions } from "./caller.ts";
import { deploymentPath, segment } from "./path.ts";

const GONE: ReadonlySet<FailureKind> = new Set(["not_found"]);

export class DeploymentCalls {
  readonly #caller: Caller;

  constructor(caller: Caller) {
    this.#caller = caller;
  }

  async listDeployments(options: CallOptions): Promise<Rows<Deployment>> {
    const call = { path: "/deployments", subject: "the list of deployments", read: readRows };
    return readEach(readDeployment, await this.#caller.get(call, options));
  }

  /** One call with the key, whose answer has to be the service's. Returns the time of its clock, if it says one. */
  async ping({ signal }: Pick<CallOptions, "signal">): Promise<{ date: number | undefined }> {
    const call = { method: "GET", path: "/deployments", subject: "the list of deployments", read: readRows } as const;
    const { headers } = await this.#caller.exchange({ ...call, signal });
    const date = Date.parse(headers.date ?? "");
    return { date: Number.isNaN(date) ? undefined : date };
  }

  async getDeployment(deploymentId: string, options: CallOptions): Promise<Deployment> {
    const read = (value: unknown) => same(deploymentId, readDeployment(value, deploymentId));
    return this.#caller.get({ path: deploymentPath(deploymentId), subject: "the deployment", read }, options);
  }

  async getSpend(deploymentId: string, options: CallOptions): Promise<Spend> {
    const path = `${deploymentPath(deploymentId)}/spend`;
    return this.#caller.get({ path, subject: "the costs of the deployment", read: readSpend }, options);
  }

  /**
   * Calls once: the service does not deduplicate, so a second call makes a second deployment. Takes no signal: a call that is
   * cut off may leave a deployment that is paid for and not known.
   */
  async deploy(deployment: NewDeployment): Promise<Deployment> {
    const body = deploymentBody(deployment);
    const call = { method: "POST", path: "/deploy", subject: "the deployment" } as const;
    const read = (value: unknown) => readDeployment(value);
    return this.#caller.call({ ...call, read, body, signal: unabortable() });
  }

  /** For `always_on` deployments only; the service refuses others. */
  async startDeployment(deploymentId: string, options: CallOptions): Promise<void> {
    await this.#send({ method: "POST", path: `${deploymentPath(deploymentId)}/start`, ...ABOUT_IT }, options);
  }

  /** The same. */
  async stopDeployment(deploymentId: string, options: CallOptions): Promise<void> {
    await this.#send({ method: "POST", path: `${deploymentPath(deploymentId)}/stop`, ...ABOUT_IT }, options);
  }

  /** The service cancels its runs. Rejects with `not_found`, unless an earlier attempt may have been what deleted it. */
  async removeDeployment(deploymentId: string, { signal, attempts }: CallOptions): Promise<void> {
    let repeated = false;
    const once = async () => {
      try {
        await this.#caller.send({ method: "DELETE", path: deploymentPath(deploymentId), ...ABOUT_IT, signal });
      } catch (error) {
        if (repeated && isOneOf(GONE, error)) return;
        repeated = true;
        throw error;
      }
    };
    await this.#caller.repeat(once, attempts === undefined ? { signal } : { signal, attempts });
  }

  /** Succeeds also when the deployment does not exist. */
  async deleteDeployment(deploymentId: string, options: CallOptions): Promise<void> {
    try {
      await this.removeDeployment(deploymentId, options);
    } catch (error) {
      if (!isOneOf(GONE, error)) throw error;
    }
  }

  /** Says whether the archive has to be uploaded, and where. The same archive has one id, however often it is registered. */
  registerBundle(bundle: NewBundle, options: CallOptions): Promise<BundleRegistration> {
    const call = { method: "POST", path: "/deployment-bundles", body: bundleBody(bundle), ...ABOUT_BUNDLE } as const;
    const read = readBundleRegistration;
    return this.#caller.repeat(() => this.#caller.call({ ...call, read, signal: options.signal }), options);
  }

  /** Tells the service that the archive has been uploaded. */
  async completeBundle(bundleId: string, options: CallOptions): Promise<void> {
    const path = `/deployment-bundles/${segment(bundleId)}/complete`;
    await this.#send({ method: "POST", path, ...ABOUT_BUNDLE }, options);
  }

  /** A call that may be repeated, and whose answer says nothing that is not known. */
  async #send(call: Omit<Call, "signal">, options: CallOptions): Promise<void> {
    await this.#caller.repeat(() => this.#caller.send({ ...call, signal: options.signal }), options);
  }
}

const ABOUT_IT = { subject: "the deployment" };
const ABOUT_BUNDLE = { subject: "the bundle" };

/** An answer about another thing is none about the one that was asked for. */
export function same<T extends { id: string } | { runId: string }>(asked: string, found: T | undefined): T | undefined {
  if (!found) return undefined;
  const id = "runId" in found ? found.runId : found.id;
  return id.toLowerCase() === asked.toLowerCase() ? found : undefined;
}
