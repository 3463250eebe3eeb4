//! `/mailbox/THREAD/write`: the client writes. "Are you safe now?" comes first; nothing typed is ever lost.

use axum::extract::{Path, Query};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use serde::Deserialize;

use crate::flow::answer::{self, DraftFile};
use crate::flow::read;
use crate::flow::session::{Reader, Visit};
use crate::flow::write::{self, FormFile, FormLetter};
use crate::house::Failure;
use crate::ids::{AttachmentId, LetterId, ThreadId};
use crate::limits::{ATTACHMENT_BYTES_MAX, ATTACHMENTS_MAX, LETTER_TEXT_BYTES_MAX, SUBJECT_CHARS_MAX};
use crate::parse::{UploadRefused, clean_upload};
use crate::role::Role;
use crate::secret::PlainText;
use crate::store::threads::Thread;
use crate::web::ctx::{Client, Ctx};
use crate::web::form::{Fields, TextForm, Upload};
use crate::web::pages::public::sign_in::{Carried, carry_on};
use crate::web::refusal::Refusal;
use crate::web::shell::Shell;

#[derive(Deserialize)]
pub(super) struct Asked {
    #[serde(default)]
    done: String,
}

#[derive(askama::Template)]
#[template(path = "pages/client/write.html")]
struct Page {
    s: Shell,
    thread: ThreadId,
    subject: PlainText,
    text: PlainText,
    safe: String,
    form_id: String,
    files: Vec<DraftFile>,
    max_bytes: usize,
    can_add: bool,
    notice: Option<String>,
    problems: Vec<(&'static str, String)>,
}

impl Page {
    fn size(&self, file: &DraftFile) -> String {
        self.s.texts.size(u64::try_from(file.file.bytes.reveal().len()).unwrap_or(u64::MAX))
    }

    fn problem(&self, field: &str) -> Option<&str> {
        self.problems.iter().find(|(f, _)| *f == field).map(|(_, text)| text.as_str())
    }
}

/// What is on the page when it is shown again.
struct Typed {
    subject: PlainText,
    text: PlainText,
    safe: String,
    form_id: Option<LetterId>,
}

impl Typed {
    fn from(fields: &Fields) -> Self {
        Self {
            subject: PlainText::new(one_line(fields.get("subject"))),
            text: PlainText::new(fields.get("text").replace("\r\n", "\n").replace('\0', "")),
            safe: fields.get("safe").to_owned(),
            form_id: fields.parse("form_id"),
        }
    }
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ").replace('\0', "")
}

async fn show(
    ctx: &Ctx,
    reader: &Reader,
    thread: ThreadId,
    typed: Typed,
    notice: Option<String>,
    problems: Vec<(&'static str, String)>,
) -> Result<Response, Refusal> {
    let files = answer::draft_files(&ctx.house, reader, thread).await?;
    let page = Page {
        s: Shell::new(ctx, Some(reader.who.roles), "write-title", "/mailbox"),
        thread,
        subject: typed.subject,
        text: typed.text,
        safe: typed.safe,
        form_id: typed.form_id.unwrap_or_else(|| LetterId::draw(&*ctx.house.chance)).to_string(),
        can_add: files.len() < ATTACHMENTS_MAX,
        files,
        max_bytes: ATTACHMENT_BYTES_MAX,
        notice,
        problems,
    };
    Ok(ctx.page(&page))
}

pub(super) async fn get(
    Path(thread): Path<ThreadId>,
    Query(asked): Query<Asked>,
    Client(ctx, reader): Client,
) -> Result<Response, Refusal> {
    let thread = read::own_thread(&ctx.house, &reader, thread).await?;
    let draft = answer::draft(&ctx.house, &reader, thread.id).await?;
    let notice = match asked.done.as_str() {
        "carried" => Some(ctx.texts.t("write-done-carried")),
        "saved" => Some(ctx.texts.t("write-done-saved")),
        _ => None,
    };
    let (subject, text) = draft.map(|d| (d.subject, d.text)).unwrap_or_default();
    show(&ctx, &reader, thread.id, Typed { subject, text, safe: String::new(), form_id: None }, notice, Vec::new())
        .await
}

pub(super) async fn post(Path(thread): Path<ThreadId>, mut ctx: Ctx, form: Upload) -> Result<Response, Refusal> {
    let typed = Typed::from(&form.fields);
    let visit = std::mem::replace(&mut ctx.visit, Visit::Stranger);
    let reader = match visit {
        Visit::Open(reader) if reader.who.roles.has(Role::Client) => reader,
        _ => {
            return Ok(carry_on(
                &ctx,
                Carried { thread: thread.to_string(), subject: typed.subject, text: typed.text },
            ));
        }
    };
    let thread = read::own_thread(&ctx.house, &reader, thread).await?;
    if form.expired {
        let notice = Some(ctx.texts.t("form-again"));
        return show(&ctx, &reader, thread.id, typed, notice, Vec::new()).await;
    }
    if form.fields.has("discard") {
        answer::discard_draft(&ctx.house, &reader, thread.id).await?;
        return Ok(ctx.lead_to(&format!("/mailbox/{}?done=discarded", thread.id)));
    }
    if let Some(file) = form.fields.parse::<AttachmentId>("remove") {
        answer::remove_draft_file(&ctx.house, &reader, file).await?;
    }
    let mut problems = check_lengths(&ctx, &typed);
    if problems.is_empty() && !(typed.text.reveal().is_empty() && typed.subject.reveal().is_empty()) {
        answer::save_draft(&ctx.house, &reader, thread.id, &typed.subject, &typed.text).await?;
    }
    problems.extend(take_files(&ctx, &reader, &thread, &form).await?);
    if !form.fields.has("send") {
        let saved = problems.is_empty().then(|| ctx.texts.t("write-done-saved"));
        return show(&ctx, &reader, thread.id, typed, saved, problems).await;
    }
    send(&ctx, &reader, &thread, typed, problems).await
}

async fn send(
    ctx: &Ctx,
    reader: &Reader,
    thread: &Thread,
    typed: Typed,
    mut problems: Vec<(&'static str, String)>,
) -> Result<Response, Refusal> {
    let files = answer::draft_files(&ctx.house, reader, thread.id).await?;
    if typed.text.reveal().trim().is_empty() && files.is_empty() {
        problems.push(("text", ctx.texts.t("write-empty")));
    }
    if !["yes", "unsure", "no"].contains(&typed.safe.as_str()) {
        problems.insert(0, ("safe", ctx.texts.t("write-safe-missing")));
    }
    if !problems.is_empty() {
        return show(ctx, reader, thread.id, typed, None, problems).await;
    }
    let urgent = typed.safe != "yes";
    let letter = FormLetter {
        subject: typed.subject,
        text: typed.text,
        files: files.into_iter().map(|f| f.file).collect(),
        urgent,
        form_id: typed.form_id.unwrap_or_else(|| LetterId::draw(&*ctx.house.chance)),
    };
    write::by_form(&ctx.house, reader, thread, letter).await?;
    let done = if urgent { "sent-urgent" } else { "sent" };
    Ok(ctx.lead_to(&format!("/mailbox/{}?done={done}", thread.id)))
}

fn check_lengths(ctx: &Ctx, typed: &Typed) -> Vec<(&'static str, String)> {
    let mut problems = Vec::new();
    if typed.subject.reveal().chars().count() > SUBJECT_CHARS_MAX {
        problems.push(("subject", ctx.texts.t("write-subject-long")));
    }
    if typed.text.reveal().len() > LETTER_TEXT_BYTES_MAX {
        problems.push(("text", ctx.texts.t("write-text-long")));
    }
    problems
}

/// Cleans what was uploaded and puts it beside the draft; what does not fit is said by name.
async fn take_files(
    ctx: &Ctx,
    reader: &Reader,
    thread: &Thread,
    form: &Upload,
) -> Result<Vec<(&'static str, String)>, Refusal> {
    let refused = |name: &PlainText, key: &str| ("file", ctx.texts.t1(key, "name", name.reveal().clone()));
    let mut problems: Vec<_> = form.too_large.iter().map(|name| refused(name, "write-file-too-large")).collect();
    for file in &form.files {
        let bytes = file.bytes.reveal().clone();
        let name = file.name.reveal().clone();
        match tokio::task::block_in_place(|| clean_upload(&name, bytes)) {
            Ok(clean) => {
                let form_file = FormFile {
                    name: PlainText::new(clean.name),
                    media_type: clean.media_type.to_owned(),
                    bytes: clean.bytes,
                };
                match answer::add_draft_file(&ctx.house, reader, thread.id, &form_file).await {
                    Ok(()) => {}
                    Err(Failure::Busy) => problems.push(refused(&file.name, "write-file-too-many")),
                    Err(other) => return Err(other.into()),
                }
            }
            Err(why) => problems.push(refused(&file.name, refused_key(why))),
        }
    }
    Ok(problems)
}

const fn refused_key(why: UploadRefused) -> &'static str {
    match why {
        UploadRefused::Type => "write-file-type",
        UploadRefused::Macro => "write-file-macro",
        UploadRefused::Broken => "write-file-broken",
        UploadRefused::Empty => "write-file-empty",
        UploadRefused::TooLarge => "write-file-too-large",
    }
}

/// The script's way of saving.
pub(super) async fn autosave(
    Path(thread): Path<ThreadId>,
    Client(ctx, reader): Client,
    form: TextForm,
) -> Result<Response, Refusal> {
    if form.expired {
        return Err(Refusal::FormExpired);
    }
    let thread = read::own_thread(&ctx.house, &reader, thread).await?;
    let typed = Typed::from(&form.fields);
    let sent = match typed.form_id {
        Some(form_id) => write::is_sent(&ctx.house, &thread, form_id).await?,
        None => false,
    };
    // A save that comes late must not bring a sent letter back as a draft.
    if !sent && check_lengths(&ctx, &typed).is_empty() {
        answer::save_draft(&ctx.house, &reader, thread.id, &typed.subject, &typed.text).await?;
    }
    Ok(StatusCode::NO_CONTENT.into_response())
}
