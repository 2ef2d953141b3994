//! What a person can do, once: keymaps, palette, help overlay, key hints and the README's key table come from [`TABLE`].
//!
//! To add an action: a line here, its behaviour in `update/`, its keys in `keymaps/*.toml`.

use super::{Model, disabled as off};
use crate::tui::keymap::Keymap;

/// Where an action's keys are bound, and the heading it stands under.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub enum Scope {
    /// Everywhere. In overlays the movements, `enter` and `back` work on the overlay.
    Global,
    /// Timeline, diff and recommendations: what concerns the selected drift.
    Drift,
    /// In the list of rules.
    Rules,
    /// In incident mode.
    Incident,
    /// In the query line.
    Query,
    /// In the list of views.
    Views,
    /// Among the decisions that wait for the server.
    Waiting,
    /// In the list of learned models.
    Models,
}

impl Scope {
    /// Every scope, in the order help shows them.
    pub const ALL: [Self; 8] =
        [Self::Drift, Self::Global, Self::Rules, Self::Query, Self::Views, Self::Incident, Self::Waiting, Self::Models];

    /// The name of its table in a keymap.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Global => "global",
            Self::Drift => "drift",
            Self::Rules => "rules",
            Self::Incident => "incident",
            Self::Query => "query",
            Self::Views => "views",
            Self::Waiting => "waiting",
            Self::Models => "models",
        }
    }

    /// The heading in help.
    pub fn title(self) -> &'static str {
        match self {
            Self::Global => "Everywhere",
            Self::Drift => "On a drift",
            Self::Rules => "In the list of rules",
            Self::Incident => "In incident mode",
            Self::Query => "In the query line",
            Self::Views => "In the list of views",
            Self::Waiting => "Among decisions that wait for the server",
            Self::Models => "In the list of learned models",
        }
    }
}

/// What an action may do to the world.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Danger {
    /// Moves, shows, copies.
    None,
    /// Records a decision that `undo` takes back. Off when read-only.
    Decides,
    /// May put drift out of sight. Also off in protected environments, and always confirmed.
    Confirmed,
}

/// One line of the table.
pub struct Entry {
    pub action: Action,
    /// Kebab case; the name in keymaps and palette.
    pub name: &'static str,
    pub scope: Scope,
    pub danger: Danger,
    /// One sentence without a full stop.
    pub help: &'static str,
    /// The word in the status bar; empty: not shown there.
    pub hint: &'static str,
    /// Why it cannot be done now, in words for the screen.
    pub disabled: fn(&Model) -> Option<String>,
}

macro_rules! actions {
    ($($scope:ident: { $($action:ident $name:literal $danger:ident $hint:literal $disabled:path, $help:literal;)* })*) => {
        /// The name of everything a person can do.
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
        pub enum Action { $($($action,)*)* }

        /// Every action, by scope.
        pub const TABLE: &[Entry] = &[$($(Entry {
            action: Action::$action,
            name: $name,
            scope: Scope::$scope,
            danger: Danger::$danger,
            help: $help,
            hint: $hint,
            disabled: $disabled,
        },)*)*];
    };
}

actions! {
    Drift: {
        Acknowledge "acknowledge" Decides "ack" off::decide, "Acknowledge: somebody looks at it";
        Resolve "resolve" Confirmed "resolve" off::confirm, "Resolve: revert, codify, accept or escalate, with a reason";
        Accept "accept" Confirmed "" off::confirm, "Accept until a time: leave it as it is";
        Escalate "escalate" Confirmed "" off::confirm, "Escalate: to whom, and why";
        Snooze "snooze" Decides "snooze" off::decide, "Snooze: out of sight until a time";
        Assign "assign" Decides "" off::decide, "Assign to somebody, or to nobody";
        Note "note" Decides "note" off::decide, "Write a note";
        JudgeCause "judge-cause" Decides "" off::decide, "Confirm or correct the cause: what is learned comes from this";
        Ignore "ignore" Confirmed "ignore" off::confirm, "Ignore by rule, made from the selected change; shows what it would hide";
        RequestRemediation "request-remediation" Confirmed "" off::request_remediation, "Ask an admin for leave to revert or codify, with the steps that are recommended";
        ApproveRemediation "approve-remediation" Confirmed "" off::approve_remediation, "Approve what was asked for; the steps are then carried out by hand";
        RejectRemediation "reject-remediation" Decides "" off::reject_remediation, "Reject what was asked for, and say why";
        CancelRemediation "cancel-remediation" Decides "" off::cancel_remediation, "Take back what was asked for";
        LinkDrifts "link" Decides "" off::link_drifts, "Link the marked drifts to this one, and say what they have to do with each other";
        UnlinkDrifts "unlink" Decides "" off::unlink_drifts, "Take a link away: to what is marked, else the one that is chosen";
        SplitDrift "split" Decides "" off::split, "Take it out of what it was found together with, or let it be found with others again";
        WholeIncident "whole-incident" None "" off::no_drift, "All of its incident: everything it belongs together with, decided or not; esc goes back";
        Reopen "reopen" Decides "" off::reopen, "Reopen: back to the open list";
        Repeat "repeat" Decides "" off::repeat, "The last decision again, on what is marked or selected";
        Mark "mark" None "mark" off::no_drift, "Mark for a decision on several, and go on";
        MarkRange "mark-range" None "" off::no_drift, "Mark from here; the second time: all from there to here";
        MarkAll "mark-all" None "" off::no_drift, "Mark all that are loaded and pass the filter; in an open group its members";
        MarkMatching "mark-matching" None "" off::matching, "Mark every drift that passes the filter, loaded or not";
        UnmarkAll "unmark-all" None "" off::no_marks, "Take all marks away";
        Resource "resource" None "" off::nothing_looked_at, "The resource: observed values, where it is declared, what hangs on it, its other drifts";
        Who "who" None "" off::nothing_looked_at, "Who changed it: asks CloudTrail, and keeps the answer with the drift";
        Narrative "narrative" None "" off::nothing_looked_at, "What happened: a few sentences, each with what it rests on";
        AskGemini "ask-gemini" None "" off::ask_gemini, "Ask Gemini about it, where the configuration names it; shows what is sent first";
        Advise "advise" Decides "" off::advise, "Give advice of your own, beside that of the rules";
        Tick "tick-step" Decides "" off::tick, "A step of the advice is done; chosen again it is not";
        Analyse "analyse" None "" off::analyse, "Analyse anew: cause, severity and advice, where the old advice is too old to be followed";
        History "history" None "" off::nothing_looked_at, "History: what was decided on it, by whom, when and why";
        ResolveChange "resolve-change" Confirmed "" off::resolve_change, "Resolve the selected change, and leave the others as they are";
        ReopenChange "reopen-change" Decides "" off::reopen_change, "Reopen the selected change";
        NextChange "next-change" None "" off::no_drift, "Next change of the diff";
        PreviousChange "previous-change" None "" off::no_drift, "Previous change of the diff";
        ToggleUnified "toggle-unified" None "" off::never, "Diff side by side, or in one column";
        ToggleFold "toggle-fold" None "" off::never, "Fold or unfold what did not change";
        ToggleWhole "toggle-whole" None "" off::never, "Show the whole resource, or only what changed";
        CycleSyntax "cycle-syntax" None "" off::never, "Read the bodies as JSON, as Terraform's HCL, or as YAML";
        ToggleWrap "toggle-wrap" None "" off::never, "Cut or break long lines of the diff";
        ToggleHidden "toggle-hidden" None "hidden" off::nothing_hidden, "Show what was hidden by which rule, and what could not be verified";
        NeverHide "never-hide" Decides "" off::never_hide, "Never hide the selected hidden change: its rule is off there, and it is drift";
        CopyAddress "copy-address" None "" off::no_drift, "Copy the resource's address";
        CopyPath "copy-path" None "" off::no_change, "Copy the selected change's path";
        CopyValue "copy-value" None "" off::no_change, "Copy the selected change's live value";
        CopyId "copy-id" None "" off::copy_id, "Copy the resource's id in the cloud; in its view that of the commit, ticket or alert under the cursor";
        CopyRevert "copy-revert" None "" off::copy_revert, "Copy the command that puts it back to the code";
        CopyImport "copy-import" None "" off::copy_import, "Copy the import block that takes it into the code";
        CopyDrift "copy-drift" None "" off::no_drift, "Copy the whole drift as text, secrets masked";
    }
    Global: {
        Up "up" None "" off::never, "Up";
        Down "down" None "" off::never, "Down";
        PageUp "page-up" None "" off::never, "A page up";
        PageDown "page-down" None "" off::never, "A page down";
        HalfPageUp "half-page-up" None "" off::never, "Half a page up";
        HalfPageDown "half-page-down" None "" off::never, "Half a page down";
        Top "top" None "" off::never, "To the top: the newest";
        Bottom "bottom" None "" off::never, "To the bottom";
        Left "left" None "" off::never, "To the pane before this one";
        Right "right" None "" off::never, "To the pane after this one";
        Enter "enter" None "" off::never, "Go into: from environment to timeline, diff, recommendations; in a dialog: apply";
        Back "back" None "" off::never, "Go back: leave dialog, zoom, pane, marks, filter";
        FocusNext "focus-next" None "pane" off::never, "Next pane";
        FocusPrevious "focus-previous" None "" off::never, "Previous pane";
        FocusEnvironments "focus-environments" None "" off::never, "Environments";
        FocusTimeline "focus-timeline" None "" off::never, "Drift timeline";
        FocusDiff "focus-diff" None "" off::never, "Diff of declared and live";
        FocusRecommendations "focus-recommendations" None "" off::never, "Recommendations, severity and cause";
        Zoom "zoom" None "zoom" off::never, "Give the pane the whole screen, or take it back";
        Filter "filter" None "filter" off::never, "Query line: words and terms like `env:prod sev:>=high is:new`; tab completes";
        CycleSort "cycle-sort" None "" off::never, "Sort by newest, oldest, severity or number of dependants";
        CycleGroup "cycle-group" None "" off::never, "One row for each drift, resource, actor, change, module or incident";
        Views "views" None "" off::never, "Views: queries by name; go to one, delete one";
        ClearFilter "clear-filter" None "" off::not_filtered, "Take the filters away";
        CycleState "cycle-state-filter" None "" off::never, "Show open, set aside, ended or all drift";
        CycleSeverity "cycle-severity-filter" None "" off::never, "Show all, or only CRITICAL, HIGH and worse, MEDIUM and worse";
        AllEnvironments "all-environments" None "" off::never, "Show all environments";
        Scan "scan" None "scan" off::scan, "Scan now: the environment under the cursor, else that of the selected drift";
        ScanAll "scan-all" None "" off::scan, "Scan every environment now";
        CancelScan "cancel-scan" None "" off::no_scan, "Cancel the running scans";
        Undo "undo" Decides "undo" off::undo, "Take the last decision back";
        Decisions "decisions" None "" off::nothing_decided, "What was decided in this session; take any of it back";
        Waiting "waiting" None "" off::nothing_waits, "Decisions the server does not have yet; look at them, take them back";
        Rules "rules" None "" off::disconnected, "Rules: what each ignores or never hides; edit, delete, go to what it hides";
        Models "models" None "" off::disconnected, "Learned models: how well each version does; take one into use, or the one before";
        HiddenList "hidden-list" None "" off::untold, "What the last scan of the environment hid or could not verify, and why";
        FindEnvironments "find-environments" None "" off::offers, "Environments that the code here keeps states of: add one to the configuration";
        Incident "incident" None "incident" off::disconnected, "Incident mode: what happened in a span of time, everywhere, and how things stood then";
        Audit "audit" None "" off::disconnected, "Everything that was decided, the newest first";
        Trends "trends" None "" off::disconnected, "How things stand: the newest drifts, the last 30 days, how often things happen where, and what may come";
        Notices "notices" None "" off::never, "Notices so far";
        Palette "palette" None "" off::never, "Find any action, environment, theme or keymap by name";
        Help "help" None "help" off::never, "All keys";
        Themes "themes" None "" off::one_theme, "Choose a theme: the screen shows each as you move";
        ToggleUtc "toggle-utc" None "" off::never, "Times in UTC, or in local time";
        Tutorial "tutorial" None "" off::never, "The tour of the screens, from its start";
        NextTheme "next-theme" None "" off::one_theme, "Next theme";
        Reload "reload" None "" off::disconnected, "Load everything again";
        Redraw "redraw" None "" off::never, "Draw the screen anew";
        Suspend "suspend" None "" off::never, "Back to the shell until `fg`";
        Quit "quit" None "quit" off::never, "Quit";
    }
    Rules: {
        EditRule "edit-rule" Confirmed "" off::rule, "Edit: patterns, reason, expiry";
        DeleteRule "delete-rule" Confirmed "" off::rule, "Delete: what it hides comes back";
    }
    Query: {
        SaveView "save-view" None "" off::no_query, "Save the query under a name";
    }
    Views: {
        DeleteView "delete-view" None "" off::view, "Delete the view";
    }
    Incident: {
        Earlier "earlier" None "" off::never, "To the moment before";
        Later "later" None "" off::never, "To the moment after";
        TurnOrder "turn-order" None "" off::never, "The newest or the oldest first";
        NextEnvironment "next-environment" None "" off::never, "All environments, or one after the other";
        Span "span" None "" off::never, "Another span of time";
        AddMarker "add-marker" Decides "" off::mark, "Mark what goes on: a deployment, an incident, maintenance, a ticket, an alert";
        EndMarker "end-marker" Decides "" off::open_marker, "End what the mark under the cursor says goes on";
        CopyLink "copy-link" None "" off::link, "Copy the link of the mark under the cursor; in the resource's view of the commit, ticket or alert";
        Export "export" None "" off::nothing_found, "Write the review into a file: Markdown, HTML or JSON, redacted";
    }
    Waiting: {
        KeepTheirs "keep-theirs" None "" off::no_collision, "Keep theirs: yours is not sent";
        ApplyMine "apply-mine" Decides "" off::apply_mine, "Apply yours on top of theirs";
        KeepAllTheirs "keep-all-theirs" None "" off::no_collisions, "Keep theirs wherever somebody was faster; shows which first";
        ApplyAllMine "apply-all-mine" Decides "" off::apply_all_mine, "Apply yours wherever somebody was faster; shows which first";
    }
    Models: {
        ActivateModel "activate-model" Decides "" off::model, "Take the version under the cursor into use";
        RollbackModel "rollback-model" Decides "" off::model, "Take the version into use that was before";
    }
}

impl Action {
    /// Its line of the table.
    pub fn entry(self) -> &'static Entry {
        // The table holds every variant in order: both come from one macro.
        &TABLE[self as usize]
    }

    /// The action of that name.
    pub fn named(name: &str) -> Option<Self> {
        TABLE.iter().find(|e| e.name == name).map(|e| e.action)
    }

    /// Why it cannot be done now.
    pub fn disabled(self, model: &Model) -> Option<String> {
        model.lacks(self).or_else(|| model.waits_for_server(self)).or_else(|| (self.entry().disabled)(model))
    }
}

/// Scope and name of every action, as a keymap's loader wants to know them.
pub fn known() -> Vec<(&'static str, &'static str)> {
    TABLE.iter().map(|e| (e.scope.as_str(), e.name)).collect()
}

/// The README's key table.
pub fn key_table_markdown(keymap: &Keymap) -> String {
    let mut out = String::new();
    for scope in Scope::ALL {
        out += &format!("**{}**\n\n| Key | Action | |\n|---|---|---|\n", scope.title());
        for entry in TABLE.iter().filter(|e| e.scope == scope) {
            let keys: Vec<String> = keymap
                .keys_for(scope.as_str(), entry.name)
                .iter()
                .map(|key| format!("`{}`", key.replace('|', "\\|")))
                .collect();
            out += &format!("| {} | {} | {} |\n", keys.join(" "), entry.name, entry.help);
        }
        out.push('\n');
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tui::keymap;

    #[test]
    fn every_action_stands_in_its_own_line_of_the_table() {
        for (at, entry) in TABLE.iter().enumerate() {
            assert_eq!(entry.action as usize, at, "{}", entry.name);
            assert_eq!(Action::named(entry.name), Some(entry.action), "{} is there twice", entry.name);
        }
    }

    #[test]
    fn every_action_has_a_key_in_every_built_in_keymap() {
        for name in keymap::NAMES {
            let Some(keys) = keymap::builtin(name) else { panic!("{name} is missing") };
            for entry in TABLE {
                let bound = keys.keys_for(entry.scope.as_str(), entry.name);
                assert!(!bound.is_empty(), "keymap {name} has no key for {} {}", entry.scope.as_str(), entry.name);
            }
        }
    }

    #[test]
    fn every_key_of_the_built_in_keymaps_means_an_action() {
        for name in keymap::NAMES {
            for (scope, chord, action) in keymap::builtin(name).unwrap().bindings() {
                assert!(Action::named(action).is_some(), "keymap {name}: {chord} in {scope} means {action}");
            }
        }
    }

    #[test]
    fn the_key_table_names_every_action_with_its_keys() {
        let table = key_table_markdown(&keymap::builtin("default").unwrap());
        assert!(TABLE.iter().all(|e| table.contains(e.name) && table.contains(e.help)));
        assert!(table.contains("`a` | acknowledge |"), "{table}");
    }
}
