//! Tasks under the runner the app-server uses, with its limits: four at once, 64 KiB of log each.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
    time::Duration,
};

use anyhow::{Context as _, Result};
use roder_api::events::RoderEvent;
use roder_ext_process_host::{ProcessHost, ProcessTaskExecutor};
use roder_tasks::{
    BackgroundRunner, BackgroundRunnerConfig, TaskExecutorRegistry, TaskSubmitOptions,
};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::findings::{Findings, Reporter};

#[derive(Deserialize)]
pub struct Submission {
    #[serde(default)]
    input: Value,
    /// How long the runner lets the task go on; null: for ever, as the app-server does.
    deadline_ms: Option<u64>,
}

pub struct Tasks {
    executor: String,
    runner: BackgroundRunner,
    /// Task ids of the runner by the id of the command that submitted them.
    ids: Arc<Mutex<HashMap<u64, String>>>,
}

impl Tasks {
    /// Every event of a task is a finding `{"event": …}` without an `id`: it names the task.
    pub fn new(host: &Arc<ProcessHost>, executor: String, findings: &Findings) -> Result<Self> {
        let mut registry = TaskExecutorRegistry::default();
        registry.register(Arc::new(ProcessTaskExecutor::new(
            host.clone(),
            executor.clone(),
        )))?;
        let runner = BackgroundRunner::new(registry, BackgroundRunnerConfig::default());
        let (mut events, findings) = (runner.subscribe(), findings.clone());
        tokio::spawn(async move {
            loop {
                match events.recv().await {
                    Ok(event) => findings.say(json!({ "event": shown(&event) })),
                    Err(ended) => {
                        return findings.say(json!({ "events_ended": ended.to_string() }));
                    }
                }
            }
        });
        Ok(Self {
            executor,
            runner,
            ids: Arc::default(),
        })
    }

    pub async fn submit(&self, submission: Submission, out: &Reporter) {
        let deadline = submission
            .deadline_ms
            .map(|ms| time::OffsetDateTime::now_utc() + Duration::from_millis(ms));
        let options = TaskSubmitOptions {
            deadline,
            ..TaskSubmitOptions::default()
        };
        let submitted = self
            .runner
            .submit(self.executor.clone(), submission.input, options)
            .await;
        if let (Ok(handle), Ok(mut ids)) = (&submitted, self.ids.lock()) {
            ids.insert(out.id(), handle.task_id.clone());
        }
        out.result(submitted.map(|handle| json!(handle)));
    }

    pub async fn cancel(&self, target: u64, out: &Reporter) {
        let cancelled = match self.task_id(target) {
            Ok(task) => {
                self.runner
                    .cancel(&task, Some("the test asks for it".to_owned()))
                    .await
            }
            Err(error) => Err(error),
        };
        out.result(cancelled.map(|cancelled| json!(cancelled)));
    }

    pub async fn show(&self, target: u64, out: &Reporter) {
        let shown = async {
            let task = self.task_id(target)?;
            let handle = self
                .runner
                .get(&task)
                .await
                .context("the runner has forgotten the task")?;
            let (entries, dropped) = self
                .runner
                .logs(&task)
                .await
                .context("the task has no log")?;
            let log: Vec<Value> = entries
                .iter()
                .map(|entry| json!({ "stream": entry.stream, "chunk": entry.chunk }))
                .collect();
            Ok(json!({ "state": handle.state, "log": log, "dropped_bytes": dropped }))
        };
        out.result(shown.await);
    }

    fn task_id(&self, target: u64) -> Result<String> {
        let ids = self.ids.lock().ok().context("the table of tasks is lost")?;
        ids.get(&target).cloned().context("no such task")
    }
}

/// `{"TaskOutput": {...}}` as the host's own serialization has it.
fn shown(event: &RoderEvent) -> Value {
    serde_json::to_value(event).unwrap_or_else(|error| json!({ "unreadable": error.to_string() }))
}
