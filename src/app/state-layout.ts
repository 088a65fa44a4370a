/** The folders of the state folder. */
export const STATE_LAYOUT = {
  runs: "runs",
  deployments: "deployments",
  conversations: "conversations",
  locks: "locks",
  notices: "notices",
  spend: "spend",
} as const;
