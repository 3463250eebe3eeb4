//! Notices that are JSON: a mail service's answer through its notification service.

use serde_json::Value;

use super::facts::Facts;
use super::notice::report;
use super::{Action, Kind, Report, status};

/// Reads a notice about a bounce, a delay or a delivery; a complaint is feedback.
pub(super) fn read(facts: &Facts<'_>, text: &str) -> Option<(Kind, Vec<Report>)> {
    // A line that some server broke in two is mended.
    let json = text.trim_start().replace(['\r', '\n'], "");
    if facts.forwarded || !json.starts_with('{') || json.len() > 64 * 1024 {
        return None;
    }
    // What follows the object is how to leave the notification service.
    let value: Value = serde_json::Deserializer::from_str(&json).into_iter().next()?.ok()?;
    let inner = value.get("Message").and_then(Value::as_str).and_then(|m| serde_json::from_str(m).ok());
    let value = inner.unwrap_or(value);
    let kind = value.get("notificationType").or_else(|| value.get("eventType"))?.as_str()?;
    match kind {
        "Complaint" => Some((Kind::Feedback, Vec::new())),
        "Bounce" => {
            let reports = recipients(&value, "/bounce/bouncedRecipients", Action::Failed);
            Some((super::kinds::kind_of(&reports), reports))
        }
        "DeliveryDelay" => Some((Kind::Delay, recipients(&value, "/deliveryDelay/delayedRecipients", Action::Delayed))),
        "Delivery" => {
            let response = value.pointer("/delivery/smtpResponse").and_then(Value::as_str).unwrap_or_default();
            let all = value.pointer("/delivery/recipients").and_then(Value::as_array);
            let reached = all.into_iter().flatten().filter_map(Value::as_str);
            Some((Kind::Report, reached.map(|r| report(Some(r.to_owned()), Action::Delivered, response)).collect()))
        }
        _ => None,
    }
}

fn recipients(value: &Value, at: &str, action: Action) -> Vec<Report> {
    let all = value.pointer(at).and_then(Value::as_array);
    let text = |r: &Value, name: &str| r.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
    all.into_iter()
        .flatten()
        .map(|r| {
            let (stated, said) = (text(r, "status"), text(r, "diagnosticCode"));
            let mut report = report(Some(text(r, "emailAddress")).filter(|a| !a.is_empty()), action, &said);
            report.status = status::status(&stated, &said, action);
            report.hard = status::is_hard(action, report.status.as_deref(), &said);
            report
        })
        .collect()
}
