/** The result of one check of `doctor`. */

/** `warning` and `skipped` leave the exit code alone. */
export type FindingState = "ok" | "warning" | "problem" | "skipped";

export interface Finding {
  /** Stable name for programs, e.g. `api.key`. */
  id: string;
  title: string;
  state: FindingState;
  detail: string;
  /** What to do about it. */
  fix?: string;
}

export function ok(id: string, title: string, detail: string): Finding {
  return { id, title, state: "ok", detail };
}

export function skipped(id: string, title: string, detail: string): Finding {
  return { id, title, state: "skipped", detail };
}

export function problem(id: string, title: string, detail: string, fix: string): Finding {
  return { id, title, state: "problem", detail, fix };
}

export function warning(id: string, title: string, detail: string, fix: string): Finding {
  return { id, title, state: "warning", detail, fix };
}
