/** The options of `batch`, as they are typed. */
export const DEFAULT_CONCURRENCY = 8;
export const MOST_CONCURRENCY = 64;

export interface BatchOptions {
  out: string;
  template?: string;
  concurrency?: string;
  deployment?: string;
  model?: string;
  timeout?: string;
  approvals?: "wait" | "return";
  saveArtifacts?: string;
  resume?: boolean;
  dryRun?: boolean;
}
