/** What `--help` says. Kept true by a test that compares it with the commands there are. */
export const HELP = `seren-bridge - runs Dispatch parcels and Roder subagents on Seren Cloud

Started by a host (they speak JSON lines on stdin and stdout):
  seren-bridge courier        the Dispatch courier plugin
  seren-bridge roder          the Roder process extension

For people:
  seren-bridge local          serves the embedded Seren Cloud on loopback, for trying things without a key
    --port <number>           default 8787; 0 picks a free one
  seren-bridge --version
  seren-bridge --help

Environment:
  SEREN_API_KEY               key of your Seren organization
  SEREN_API_BASE              default https://api.serendb.com; "local" = the embedded service inside the program
  SEREN_BRIDGE_DEPLOYMENT     deployment to use when the parcel or request names none
  SEREN_BRIDGE_STATE_DIR      folder for small files of ours (artifacts, the journal)
  SEREN_BRIDGE_LOG            error, warn (default), info or debug; JSON lines on stderr
`;
