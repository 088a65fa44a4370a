//! Roder's host code under remote control: reads one command a line from stdin, answers with findings, one JSON object a line,
//! on stdout. It judges nothing; whoever drives it does.
//!
//! The only argument is the JSON of a `[[process_extensions]]` entry, as a user would write it. The end of stdin ends the
//! process at once, without a word to the child, which is how Roder itself goes.
//!
//! Every command has an `id`, which its findings carry.

mod findings;
mod sink;
mod tasks;
mod tools;

use std::{collections::HashMap, path::Path, sync::Arc, time::Duration};

use anyhow::{Context as _, Result};
use findings::{Findings, chain};
use roder_api::{
    process_extension::ProcessProvidedService,
    subagents::{SubagentDispatcher as _, SubagentRequest},
};
use roder_ext_process_host::{ProcessHost, ProcessSubagentDispatcher, load_process_extension};
use serde::Deserialize;
use serde_json::{Value, json};
use sink::RecordingSink;
use tasks::{Submission, Tasks};
use tokio::{
    io::{AsyncBufReadExt as _, BufReader, stdin},
    task::AbortHandle,
};
use tools::{Call, Tools};

#[derive(Deserialize)]
#[serde(tag = "do", rename_all = "snake_case")]
enum Action {
    /// What `subagents/definitions` answers.
    Definitions,
    /// Runs a subagent to its end. `sink_ms` makes the receiver of its statuses that slow; null: there is none.
    Dispatch {
        request: Box<SubagentRequest>,
        sink_ms: Option<u64>,
    },
    /// Drops the future of a dispatch, as an interrupted turn does.
    Abort {
        target: u64,
    },
    /// Any request to the child.
    Request {
        method: String,
        params: Value,
    },
    Submit(Submission),
    CancelTask {
        target: u64,
    },
    /// What a client sees of a task.
    Task {
        target: u64,
    },
    Tools,
    Call(Call),
    /// The 2 s path, which only embedding hosts take.
    Shutdown,
}

#[derive(Deserialize)]
struct Command {
    id: u64,
    #[serde(flatten)]
    action: Action,
}

#[tokio::main]
async fn main() -> Result<()> {
    let entry = std::env::args()
        .nth(1)
        .context("usage: seren-bridge-roder-host <JSON of an entry>")?;
    let loaded = load_process_extension(serde_json::from_str(&entry)?, Path::new("."))?;
    let services = loaded.manifest.provides.clone();
    let host = Arc::new(ProcessHost::new(loaded));
    let findings = Findings::to_stdout();

    let mut dispatcher = None;
    let mut executor = None;
    let mut tools = Tools::default();
    for service in services {
        match service {
            ProcessProvidedService::SubagentDispatcher { id } => {
                dispatcher = Some(Arc::new(ProcessSubagentDispatcher::new(host.clone(), id)));
            }
            ProcessProvidedService::TaskExecutor { id } => executor = Some(id),
            ProcessProvidedService::ToolProvider { id, tools: specs } => {
                tools.add(&host, id, specs)?
            }
            _ => {}
        }
    }
    let dispatcher = dispatcher.context("the manifest has no subagent_dispatcher")?;
    let tasks = Tasks::new(
        &host,
        executor.context("the manifest has no task_executor")?,
        &findings,
    )?;
    let mut dispatches: HashMap<u64, AbortHandle> = HashMap::new();

    let mut lines = BufReader::new(stdin()).lines();
    while let Some(line) = lines.next_line().await? {
        let Command { id, action } =
            serde_json::from_str(&line).with_context(|| format!("not a command: {line}"))?;
        let out = findings.about(id);
        match action {
            Action::Definitions => {
                let dispatcher = dispatcher.clone();
                tokio::spawn(async move {
                    out.result(dispatcher.fetch_definitions().await.map(|all| json!(all)));
                });
            }
            Action::Dispatch { request, sink_ms } => {
                let dispatcher = dispatcher.clone();
                let sink =
                    sink_ms.map(|ms| RecordingSink::shared(out.clone(), Duration::from_millis(ms)));
                let work = tokio::spawn(async move {
                    let (thread, turn) = ("thread-1".to_owned(), format!("turn-{id}"));
                    dispatcher
                        .dispatch_traced(thread, turn, *request, sink)
                        .await
                });
                dispatches.insert(id, work.abort_handle());
                tokio::spawn(async move {
                    match work.await {
                        Ok(ended) => out.result(ended.map(|result| json!(result))),
                        Err(lost) if lost.is_panic() => out.say(json!({ "panic": true })),
                        Err(_) => out.say(json!({ "aborted": true })),
                    }
                });
            }
            Action::Abort { target } => {
                dispatches.get(&target).context("no such dispatch")?.abort()
            }
            Action::Request { method, params } => {
                let host = host.clone();
                tokio::spawn(
                    async move { out.result(host.request::<Value>(&method, params).await) },
                );
            }
            Action::Submit(submission) => tasks.submit(submission, &out).await,
            Action::CancelTask { target } => tasks.cancel(target, &out).await,
            Action::Task { target } => tasks.show(target, &out).await,
            Action::Tools => out.say(json!({ "ok": tools.specs() })),
            Action::Call(call) => {
                let tools = tools.clone();
                tokio::spawn(async move {
                    match tools.call(call).await {
                        Ok(result) => out.say(json!({ "ok": result })),
                        Err(error) => out.say(json!({ "error": chain(&error) })),
                    }
                });
            }
            Action::Shutdown => {
                host.shutdown().await;
                out.say(json!({ "ok": null }));
            }
        }
    }
    std::process::exit(0);
}
