//! A question put to Gemini: what is typed, what would be sent and where to, and what came back with what it rests on.

use ratatui::text::Line;

use super::{frame, key, scrolled};
use crate::analysis::narrative::Narrative;
use crate::gemini::{GeminiSpec, Told};
use crate::tui::app::question::{QuestionView, Stage};
use crate::tui::panes::{Canvas, field, wrap};
use crate::tui::theme::Role;
use crate::tui::widgets::text;

/// Rows of a view that only says something.
const LOW: usize = 6;

pub fn draw(canvas: &mut Canvas<'_>) {
    let (Some(view), Some(spec)) = (&canvas.model.question, &canvas.model.gemini.spec) else { return };
    let area = canvas.area();
    let width = area.width.saturating_sub(if area.width < 60 { 0 } else { 4 }).min(110);
    let room = usize::from(width).saturating_sub(5);
    let title = text::cut(&format!("ask Gemini about {}", view.title), room);
    let [enter, back] = ["enter", "back"].map(|name| key(canvas, "input", name));
    let keys = match &view.stage {
        Stage::Typing => format!("{enter} ask  {back} leave"),
        Stage::Preparing(_) => format!("{back} leave"),
        Stage::Preview(_) => format!("{enter} send it  {back} not yet"),
        Stage::Waiting(..) => format!("{back} cancel"),
        Stage::Told(_) | Stage::Failed(_) => format!("{enter} ask something else  {back} close"),
    };
    let lines = lines(canvas, view, spec, room);
    let height = (lines.len() + 2).max(LOW).min(usize::from(area.height).saturating_sub(4)).max(1);
    let scroll = view.scroll;
    let inner = frame(canvas, width, height, &title, &keys);
    let first = ratatui::layout::Rect { height: inner.height.min(1), ..inner };
    let (before, after) = view.line.halves();
    if matches!(view.stage, Stage::Typing) {
        field(canvas, first, "> ", before, after);
    } else {
        let asked =
            canvas.span(Role::Dim, text::cut(&crate::safety::sanitise::line(&format!("> {before}{after}")), room));
        canvas.line(first, 0, &Line::from(asked));
    }
    let below = ratatui::layout::Rect { y: inner.y + first.height, height: inner.height - first.height, ..inner };
    scrolled(canvas, below, &lines, scroll);
}

fn lines(canvas: &Canvas<'_>, view: &QuestionView, spec: &GeminiSpec, room: usize) -> Vec<Line<'static>> {
    let say = |role: Role, words: &str| {
        let rows = wrap(words, room).into_iter();
        rows.map(|words| Line::from(canvas.span(role, words))).collect::<Vec<_>>()
    };
    let to = format!("{} at {}", spec.model, spec.url.host_str().unwrap_or("an address without a host"));
    let mut lines = vec![Line::default()];
    match &view.stage {
        Stage::Typing => {
            let before = if canvas.model.gemini.is_known { "" } else { " You see it before it is sent." };
            lines.extend(say(
                Role::Dim,
                &format!("It goes to {to} with what is known of this drift, secrets masked.{before} An answer is shown as far as it cites that."),
            ));
            if let Some(why) = &canvas.model.gemini.failing {
                lines.extend(say(Role::Warning, &format!("The last time: {why}")));
            }
        }
        Stage::Preparing(_) => lines.extend(say(Role::Dim, "looking up what is known")),
        Stage::Preview(question) => {
            let words = format!("This would leave the machine, for {to}; nothing else does, and nothing has yet:");
            lines.extend(say(Role::Warning, &words));
            lines.push(Line::default());
            for line in question.prompt.text().lines() {
                lines.extend(say(Role::Text, &crate::safety::sanitise::line(line)));
            }
        }
        Stage::Waiting(..) => {
            lines.extend(say(Role::Dim, &format!("asking {to}, for {} s at most", spec.timeout.as_secs())));
        }
        Stage::Told(told) => lines.extend(answer(canvas, told, &to, room)),
        Stage::Failed(why) => {
            lines.extend(say(Role::Error, why));
            lines.extend(say(
                Role::Dim,
                "Nothing else depends on it: causes, severities and advice are made without it.",
            ));
        }
    }
    lines
}

fn answer(canvas: &Canvas<'_>, told: &Told, to: &str, room: usize) -> Vec<Line<'static>> {
    let said = |role: Role, words: &str| {
        let rows = wrap(words, room).into_iter();
        rows.map(|words| Line::from(canvas.span(role, words))).collect::<Vec<_>>()
    };
    let mut lines: Vec<Line<'static>> =
        told.answer.sentences.iter().flat_map(|one| said(Role::Text, &Narrative::numbered(one))).collect();
    lines.push(Line::default());
    lines.extend(told.narrative.references().flat_map(|one| said(Role::Dim, &one)));
    lines.push(Line::default());
    let dropped = match told.answer.dropped {
        0 => String::new(),
        1 => " One sentence cited no evidence and is not shown.".to_owned(),
        number => format!(" {number} sentences cited no evidence and are not shown."),
    };
    lines.extend(said(Role::Warning, &format!("Told by {to}: it can be wrong where its evidence is right.{dropped}")));
    lines
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};
    use std::net::TcpListener;
    use std::thread::{self, JoinHandle};
    use std::time::Duration;

    use crate::gemini::GeminiSpec;
    use crate::tui::Options;
    use crate::tui::app::Effect;
    use crate::tui::app::testkit::{Screens, options};
    use crate::tui::sample::Sample;

    fn spec(address: &str, key: &tempfile::NamedTempFile) -> GeminiSpec {
        GeminiSpec {
            model: GeminiSpec::MODEL.into(),
            url: format!("http://{address}/v1beta").parse().unwrap(),
            key: format!("file:{}", key.path().display()),
            timeout: Duration::from_secs(5),
        }
    }

    fn key() -> tempfile::NamedTempFile {
        let mut key = tempfile::NamedTempFile::new().unwrap();
        key.write_all(b"a-key-for-tests").unwrap();
        key
    }

    fn open(gemini: Option<GeminiSpec>) -> Screens {
        let options = Options { gemini, ..options(Options::default()) };
        Screens::open(Sample::shared(), options, (80, 24)).unwrap()
    }

    /// Gives each of the answers once, each to one request; gives what was asked.
    fn gemini(answers: Vec<(u16, Vec<u8>)>) -> (String, JoinHandle<Vec<String>>) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let serve = move |(status, body): (u16, Vec<u8>)| {
            let (mut stream, _) = listener.accept().unwrap();
            let (mut asked, mut buffer) = (Vec::new(), [0; 4096]);
            while !asked.ends_with(b"}") {
                let read = stream.read(&mut buffer).unwrap();
                asked.extend_from_slice(&buffer[..read]);
            }
            let head = format!("HTTP/1.1 {status} x\r\ncontent-length: {}\r\nconnection: close\r\n\r\n", body.len());
            stream.write_all(&[head.as_bytes(), &body].concat()).unwrap();
            String::from_utf8_lossy(&asked).into_owned()
        };
        (address, thread::spawn(move || answers.into_iter().map(serve).collect()))
    }

    fn recorded(name: &str) -> Option<Vec<u8>> {
        let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/fixtures/gemini").join(name);
        std::fs::read(&path).inspect_err(|_| eprintln!("skipped: {} is not there", path.display())).ok()
    }

    fn ask(screens: &mut Screens, question: &str) {
        screens.act("ask-gemini");
        screens.text(question);
        screens.keys("enter");
    }

    #[test]
    fn off_it_says_how_to_turn_it_on_and_nothing_else_changes() {
        let mut screens = open(None);
        screens.act("ask-gemini");
        assert!(screens.screen().contains("Gemini is off: a [gemini] table"), "{}", screens.screen());
        assert!(screens.model.overlay.is_none());
    }

    #[test]
    fn what_is_sent_is_shown_before_the_first_time_and_what_comes_back_cites_its_evidence() {
        let text = r#"{"candidates":[{"content":{"parts":[{"text":"Port 22 was opened [1].\nThe admin was drunk.\n"}]},"finishReason":"STOP"}]}"#;
        let (address, serving) = gemini(vec![(200, text.into()), (200, text.into())]);
        let key = key();
        let mut screens = open(Some(spec(&address, &key)));
        ask(&mut screens, "who opened it, and is ghp_0123456789abcdefghijABCDEFGHIJ012345 good?");
        let shown = screens.screen();
        assert!(shown.contains("This would leave the machine, for gemini-2.5-flash at 127.0.0.1"), "{shown}");
        assert!(shown.contains("enter send it") && !shown.contains("opened [1]"), "{shown}");
        // Not yet: the question is still there.
        screens.keys("esc");
        assert!(screens.screen().contains("> who opened it"), "{}", screens.screen());
        screens.keys("enter enter");
        let told = screens.screen();
        assert!(told.contains("Port 22 was opened. [1]") && !told.contains("drunk"), "{told}");
        screens.keys("end");
        let told = screens.screen();
        assert!(told.contains("One sentence cited no evidence and is not shown."), "{told}");
        screens.keys("esc");
        assert!(screens.model.overlay.is_none());
        // From then on it is known what is sent.
        ask(&mut screens, "and why?");
        assert!(screens.screen().contains("Port 22 was opened. [1]"), "{}", screens.screen());
        let asked = serving.join().unwrap();
        assert!(asked[0].contains("who opened it") && !asked[0].contains("ghp_0123456789"), "{}", asked[0]);
        assert!(asked[1].contains("and why?"));
    }

    #[test]
    fn every_recorded_failure_is_told_in_words_with_a_banner_and_analysis_goes_on() {
        let fixtures = [
            (
                "googleai_unary-failure-finish-reason-safety.json",
                200,
                "withholds its answer: it stopped by itself: SAFETY",
            ),
            ("googleai_unary-failure-only-prompt-feedback.json", 200, "withholds its answer: Message"),
            ("vertexai_unary-failure-quota-exceeded.json", 429, "has had enough for now: HTTP 429"),
            // It answers something, which rests on nothing.
            ("googleai_unary-success-basic-reply-short.json", 200, "the evidence does not say"),
        ];
        for (name, status, says) in fixtures {
            let Some(body) = recorded(name) else { return };
            let (address, serving) = gemini(vec![(status, body)]);
            let key = key();
            let mut screens = open(Some(spec(&address, &key)));
            ask(&mut screens, "why?");
            screens.keys("enter");
            let told = screens.screen();
            assert!(told.contains(says), "{name}: {told}");
            assert!(told.contains("Nothing else depends on it") && told.contains("GEMINI FAILS"), "{name}: {told}");
            serving.join().unwrap();
            screens.keys("esc");
            screens.act("analyse");
            let after = screens.screen();
            assert!(after.contains("analysed anew") && after.contains("GEMINI FAILS"), "{name}: {after}");
        }
    }

    #[test]
    fn nobody_there_is_said_and_the_banner_goes_with_the_next_answer() {
        let text = r#"{"candidates":[{"content":{"parts":[{"text":"It is open [1]."}]},"finishReason":"STOP"}]}"#;
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let nowhere = listener.local_addr().unwrap().to_string();
        drop(listener);
        let key = key();
        let mut screens = open(Some(spec(&nowhere, &key)));
        ask(&mut screens, "why?");
        screens.keys("enter");
        let told = screens.screen();
        assert!(told.contains("Gemini cannot be reached") && told.contains("GEMINI FAILS"), "{told}");
        assert!(!told.contains("a-key"), "{told}");
        let (address, serving) = gemini(vec![(200, text.into())]);
        screens.model.gemini.spec = Some(spec(&address, &key));
        screens.keys("enter enter");
        let told = screens.screen();
        assert!(told.contains("It is open. [1]") && !told.contains("GEMINI FAILS"), "{told}");
        serving.join().unwrap();
    }

    #[test]
    fn what_is_on_its_way_is_cancelled_and_its_answer_comes_to_nothing() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let key = key();
        let mut screens = open(Some(spec(&listener.local_addr().unwrap().to_string(), &key)));
        ask(&mut screens, "why?");
        screens.hold();
        screens.keys("enter");
        assert!(screens.screen().contains("asking gemini-2.5-flash") && screens.screen().contains("esc cancel"));
        assert!(matches!(screens.held(), [Effect::AskGemini(..)]));
        screens.keys("esc");
        assert!(screens.screen().contains("what was sent cannot be taken back"), "{}", screens.screen());
        // Nobody answers there: it ends because it was cancelled, and not after five seconds with a failure.
        screens.release();
        assert!(!screens.screen().contains("GEMINI FAILS"), "{}", screens.screen());
        screens.keys("esc");
        assert!(screens.model.overlay.is_none());
    }

    #[test]
    fn an_empty_question_is_not_asked() {
        let key = key();
        let mut screens = open(Some(spec("127.0.0.1:9", &key)));
        ask(&mut screens, " ");
        assert!(screens.screen().contains("a question of 1 to 1000 characters"), "{}", screens.screen());
    }

    #[test]
    fn it_can_be_asked_from_the_story_and_goes_back_there() {
        let key = key();
        let mut screens = open(Some(spec("127.0.0.1:9", &key)));
        screens.keys("t");
        assert!(screens.screen().contains("? ask Gemini"), "{}", screens.screen());
        screens.keys("?");
        assert!(screens.screen().contains("ask Gemini about"), "{}", screens.screen());
        screens.keys("esc");
        assert!(screens.screen().contains("what happened to"), "{}", screens.screen());
    }
}
