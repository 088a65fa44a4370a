/** Trials: one scenario with odd members, judged against the same scenario with a clean service. */
import { type Json, type Oddity, odditiesOf } from "../../src/local/index.ts";
import { type OddMember, OddService, type Requests } from "./odd-service.ts";
import { Home, KEY } from "./program.ts";
import type { Observation, Scenario } from "./scenario.ts";

export interface Played {
  observation: Observation;
  requests: Requests;
  /** Runs that were still going when all was over. */
  left: number;
  members: ReadonlyMap<string, ReadonlyMap<string, Json>>;
  tookMs: number;
}

export interface Trial {
  scenario: Scenario;
  /** One, or several none of which is in another. */
  odd: readonly OddMember[];
}

/** Members without which there is nothing to go by, and what has to be exact: a lease, which is granted for good, and a signature. */
const REQUIRED = new Set([
  ...["id", "run_id", "status", "text", "data", "type", "checkpoint_id", "entry_id"],
  ...["lease", "action", "capability", "use_budget"],
  // The address of an upload is signed together with its headers.
  ...["deployment_bundle_id", "upload_url", "upload_headers", "content-type", "x-local-content-sha256"],
]);

/** A trial makes at most so many requests more than the clean one: more is a loop that hammers. */
const MORE_REQUESTS = 60;
/** What ends late ends soon after the program: a cancel that is under way. */
const LEFT_WAIT_MS = 3_000;

export async function play(scenario: Scenario, odd: readonly OddMember[] = []): Promise<Played> {
  const service = new OddService(KEY, scenario.mishaps, scenario.service);
  const home = new Home(await service.listen());
  const began = performance.now();
  try {
    service.paused = true;
    const prepared = (await scenario.before?.(service, home)) ?? "";
    service.paused = false;
    service.odd = odd;
    const observation = await scenario
      .play(home, prepared, service)
      .catch((error: unknown) => ({ thrown: String(error) }));
    const left = await leftRunning(service);
    return {
      observation,
      requests: service.requests,
      left,
      members: service.members,
      tookMs: performance.now() - began,
    };
  } finally {
    home.remove();
    await service.close();
  }
}

async function leftRunning(service: OddService): Promise<number> {
  const until = performance.now() + LEFT_WAIT_MS;
  const running = () => service.cloud.stats().runsActive.length;
  while (running() > 0 && performance.now() < until) await new Promise((resolve) => setTimeout(resolve, 100));
  return running();
}

/**
 * Every member of every answer of the scenario, with every way in which it can be odd, in the form that `drawForm` draws.
 */
export function trialsOf(
  scenario: Scenario,
  { clean, published, drawForm }: { clean: Played; published: PublishedMembers; drawForm: () => number },
): Trial[] {
  const trials: Trial[] = [];
  for (const [operation, members] of clean.members) {
    const all = new Map([...published(operation, members), ...members]);
    for (const [path, value] of all)
      for (const oddity of odditiesOf(value).filter((one) => !isAnotherAnswer(operation, path, one)))
        trials.push({ scenario, odd: [{ operation, path, oddity, form: drawForm() }] });
  }
  return trials;
}

/**
 * Whether it is no odd answer but another one: a list without a row is what a list says that lags behind, and a deployment with
 * another name is another deployment.
 */
function isAnotherAnswer(operation: string, path: string, oddity: Oddity): boolean {
  if (path.endsWith("]")) return oddity === "absent";
  const isText = ["string", "long_string", "unknown_word"].includes(oddity);
  return operation === "deployments" && path === "data[].name" && (isText || oddity === "absent");
}

/** Members the published document names and the embedded service left out, with a value of their kind. */
export type PublishedMembers = (operation: string, seen: ReadonlyMap<string, Json>) => ReadonlyMap<string, Json>;

/** What is wrong; empty when the trial passed. */
export function judge(trial: Trial, clean: Played, odd: Played): string[] {
  const problems: string[] = [];
  const { requests } = odd;
  for (const kind of ["deploys", "creates", "decisions"] as const)
    if (requests[kind] > clean.requests[kind])
      problems.push(`${kind}: ${requests[kind]} instead of ${clean.requests[kind]}`);
  if (requests.all > clean.requests.all + MORE_REQUESTS)
    problems.push(`${requests.all} requests, ${clean.requests.all} when clean`);
  const text = JSON.stringify(odd.observation);
  if (/did not foresee|internal error|TypeError|at file:|node:internal/.test(text))
    problems.push(`unforeseen: ${text.slice(0, 400)}`);
  if (odd.observation.code === null || "thrown" in odd.observation)
    problems.push(`it hangs or dies: ${text.slice(0, 400)}`);
  if (takesRequired(trial, clean)) return problems; // a clear error is as good as the answer
  if (odd.left > clean.left) problems.push(`${odd.left} runs left running`);
  if (requests.cancels < Math.min(1, clean.requests.cancels)) problems.push("no cancel was sent");
  if (requests.cancels > 0 && clean.requests.cancels === 0) problems.push("a run was cancelled");
  const difference = differenceOf(clean.observation, changesMessage(trial) ? sameError(clean, odd) : odd.observation);
  if (difference) problems.push(difference);
  return problems;
}

/** Whether a problem is more than another text: something was done twice, or the program broke. */
export const isCostly = (problem: string) =>
  /^(deploys|creates|decisions|unforeseen|it hangs|\d+ requests)/.test(problem);

/** Whether the trial takes away something required: the member itself, or one inside what became odd. */
const takesRequired = ({ scenario, odd }: Trial, clean: Played) => {
  const names = new Set([...REQUIRED, ...(scenario.required ?? [])]);
  return odd.some((one) => isRequired(one, clean, names));
};

function isRequired({ operation, path, oddity }: OddMember, clean: Played, names: ReadonlySet<string>): boolean {
  if (oddity === "extra") return false;
  if (names.has(lastName(path))) return true;
  const members = clean.members.get(operation)?.keys() ?? [];
  return [...members].some((member) => {
    const rest = member.startsWith(path) ? member.slice(path.length) : "";
    return /^[.[]/.test(rest) && rest.split(/[.[\]]+/).some((name) => names.has(name));
  });
}

const lastName = (path: string) => /([^.[\]]*)(\[[^\]]*\])?$/.exec(path)?.[1] ?? "";

/** Why a run was cancelled is told in one answer only: without it the error has other words. */
const changesMessage = ({ odd }: Trial) =>
  odd.some(({ operation, path }) => operation === "cancel" && ["status_message", "data"].includes(lastName(path)));

function sameError(clean: Played, odd: Played): Observation {
  const { error } = odd.observation;
  return typeof error === "string" && error !== ""
    ? { ...odd.observation, error: clean.observation.error }
    : odd.observation;
}

function differenceOf(clean: Observation, odd: Observation): string | undefined {
  for (const name of new Set([...Object.keys(clean), ...Object.keys(odd)])) {
    const [before, after] = [JSON.stringify(clean[name]), JSON.stringify(odd[name])];
    if (before !== after)
      return `${name}: ${String(after).slice(0, 300)} instead of ${String(before).slice(0, 120)}${odd.error ? ` (${String(odd.error).slice(0, 200)})` : ""}`;
  }
  return undefined;
}

export const nameOf = ({ scenario, odd }: Trial) =>
  `${scenario.name}: ${odd.map(({ operation, path, oddity, form }) => `${operation}: ${path}: ${oddity} ${form}`).join(", ")}`;

/** Puts up to `size` trials of a scenario into one, in their order, unless one takes away something required or holds another. */
export function grouped(trials: readonly Trial[], size: number, cleanOf: (scenario: Scenario) => Played): Trial[] {
  const alone: Trial[] = [];
  const groups = new Map<Scenario, Trial[]>();
  for (const trial of trials) {
    const { scenario, odd } = trial;
    if (takesRequired(trial, cleanOf(scenario))) {
      alone.push(trial);
      continue;
    }
    const open = groups.get(scenario) ?? [];
    groups.set(scenario, open);
    const fitting = open.find((group) => group.odd.length < size && !odd.some((one) => overlaps(group.odd, one)));
    if (fitting) fitting.odd = [...fitting.odd, ...odd];
    else open.push({ scenario, odd });
  }
  return [...alone, ...[...groups.values()].flat()];
}

const overlaps = (group: readonly OddMember[], { operation, path }: OddMember) =>
  group.some((one) => one.operation === operation && (one.path.startsWith(path) || path.startsWith(one.path)));
