/** Rows as the service shows them, as small as they are readable. */
export const RUN = "6f0e8f53-2a0e-45a5-8d0e-3b7b0c1d2e4f";
export const OTHER_RUN = "7f0e8f53-2a0e-45a5-8d0e-3b7b0c1d2e4f";
export const DEPLOYMENT = "1b6d0d0e-6a53-4d8e-9f0f-0a4a3d1c5b11";

export const record = (changes: object = {}) => ({
  id: RUN,
  deployment_id: DEPLOYMENT,
  status: "running",
  created_at: "2026-01-01T00:00:00Z",
  ...changes,
});

export const state = (changes: object = {}) => ({
  run_id: RUN,
  deployment_id: DEPLOYMENT,
  status: "running",
  phase: "running",
  terminal: false,
  latest_sequence: 0,
  pending_approval_count: 0,
  ...changes,
});

export const deployment = (changes: object = {}) => ({
  id: DEPLOYMENT,
  name: "triage-8f21c0de",
  skill_slug: "triage",
  mode: "job",
  status: "running",
  created_at: "2026-01-01T00:00:00Z",
  updated_at: "2026-01-01T00:00:00Z",
  ...changes,
});

/** One row of a run's log. */
export const text = (sequence: number | null, words: string) => ({
  sequence_number: sequence,
  event_type: "response.output_text.done",
  kind: "text",
  type: "text",
  text: words,
});
