/** Plays the trials, several at a time: they mostly wait. */
import { MOST_FORMS } from "../../src/local/faults/odd-member.ts";
import { seededRandom } from "../../src/local/faults/seeded.ts";
import { publishedMembers } from "./published-members.ts";
import type { Scenario } from "./scenario.ts";
import { SCENARIOS } from "./scenarios.ts";
import { grouped, isCostly, judge, nameOf, type Played, play, type Trial, trialsOf } from "./trials.ts";

const FORMS = Array.from({ length: MOST_FORMS }, (_, form) => form);

export interface CampaignOptions {
  /** Trials drawn; `Infinity` for all. */
  sample: number;
  seed: number;
  /** Only scenarios whose name contains this. */
  scenario?: string | undefined;
  /** Only trials whose name begins with this. */
  only?: string | undefined;
  /** Each member with each oddity in one scenario only, drawn by the seed. */
  once?: boolean;
  /** Odd members in one trial. When a trial of several fails, each is tried alone. Default 1. */
  group?: number;
  jobs: number;
  onTrial(report: Report): void;
}

export interface Report {
  name: string;
  problems: string[];
  number: number;
  of: number;
}

export async function campaign(options: CampaignOptions): Promise<{ passed: number; failed: number }> {
  const scenarios = SCENARIOS.filter(
    ({ name }) =>
      (options.scenario === undefined || name.includes(options.scenario)) &&
      (options.only === undefined || options.only.startsWith(name)),
  );
  const cleans = new Map<Scenario, Played>();
  await inParallel(options.jobs, scenarios, async (scenario) => void cleans.set(scenario, await playClean(scenario)));
  const published = publishedMembers();
  const random = seededRandom(options.seed);
  // `--only` names a form at its end; every form is tried for it, and the wanted one is kept.
  const forms =
    options.only === undefined ? [() => Math.floor(random() * MOST_FORMS)] : FORMS.map((form) => () => form);
  const all = scenarios.flatMap((scenario) =>
    forms.flatMap((drawForm) => trialsOf(scenario, { clean: cleanOf(cleans, scenario), published, drawForm })),
  );
  const wanted = all.filter((trial) => options.only === undefined || nameOf(trial).startsWith(options.only));
  const shuffled = shuffle(wanted, random);
  const drawn = (options.once ? onceEach(shuffled) : shuffled).slice(0, options.sample);
  const trials = grouped(drawn, options.group ?? 1, (scenario) => cleanOf(cleans, scenario));
  let passed = 0;
  let failed = 0;
  const problemsOf = async (trial: Trial) =>
    judge(trial, cleanOf(cleans, trial.scenario), await play(trial.scenario, trial.odd));
  const report = (trial: Trial, problems: string[]) => {
    if (problems.length === 0) passed += trial.odd.length;
    else failed += trial.odd.length;
    options.onTrial({ name: nameOf(trial), problems, number: passed + failed, of: drawn.length });
  };
  await inParallel(options.jobs, trials, async (trial) => {
    const problems = await problemsOf(trial);
    const singles = trial.odd.map((one) => ({ scenario: trial.scenario, odd: [one] }));
    if (problems.length === 0 || singles.length === 1) return report(trial, problems);
    const alone = await Promise.all(singles.map(problemsOf));
    // Together they may leave nothing to tell one row from another by. That must not cost anything all the same.
    if (alone.every((found) => found.length === 0)) return report(trial, problems.filter(isCostly));
    for (const [index, single] of singles.entries()) report(single, alone[index] ?? []);
  });
  return { passed, failed };
}

/** A scenario that goes wrong by itself, or asks the service nothing, would pass every trial. */
async function playClean(scenario: Scenario): Promise<Played> {
  const clean = await play(scenario);
  if ("thrown" in clean.observation || clean.members.size === 0)
    throw new Error(`${scenario.name} shows nothing: ${JSON.stringify(clean.observation)}`);
  return clean;
}

function cleanOf(cleans: ReadonlyMap<Scenario, Played>, scenario: Scenario): Played {
  const clean = cleans.get(scenario);
  if (!clean) throw new Error(`${scenario.name} was not played with a clean service`);
  return clean;
}

/** Returns them in a random order. */
function shuffle(trials: readonly Trial[], random: () => number): Trial[] {
  return trials
    .map((trial) => ({ trial, at: random() }))
    .sort((a, b) => a.at - b.at)
    .map(({ trial }) => trial);
}

/** Returns the first of the trials of each member with each oddity. */
function onceEach(trials: readonly Trial[]): Trial[] {
  const firsts = new Map<string, Trial>();
  for (const trial of trials) {
    const key = trial.odd.map(({ operation, path, oddity }) => `${operation} ${path} ${oddity}`).join();
    if (!firsts.has(key)) firsts.set(key, trial);
  }
  return [...firsts.values()];
}

async function inParallel<T>(jobs: number, items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  let next = 0;
  const worker = async () => {
    for (;;) {
      const item = items[next];
      next += 1;
      if (item === undefined) return;
      await work(item);
    }
  };
  await Promise.all(Array.from({ length: Math.min(jobs, items.length) }, worker));
}
