//! Syntax of JSON and YAML lines by syntect, in our own roles. Grammars are loaded once, off the first frame: until then lines are
//! drawn plain.

use std::sync::OnceLock;

use syntect::parsing::{ParseState, Scope, ScopeStack, SyntaxSet};

use super::diff::Syntax;
use super::hcl;
use crate::tui::theme::Role;

/// Longer lines are drawn plain; to parse them takes longer than a frame may.
const LONGEST: usize = 4_096;

/// What a line stands in; a line alone does not say whether its string is a key.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Within {
    /// A line of a JSON object.
    Object,
    /// A line of a JSON list, or the whole value.
    Array,
    /// Of no language.
    Text,
}

/// A stretch up to byte `end` that has one role; none is plain text.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Token {
    pub end: usize,
    pub role: Option<Role>,
}

struct Highlighter {
    syntaxes: SyntaxSet,
    /// The parser as it stands inside an object, and inside a list.
    object: (ParseState, ScopeStack),
    array: (ParseState, ScopeStack),
    yaml: Option<ParseState>,
    roles: Vec<(Scope, Role)>,
}

/// `None` inside: this build of syntect has no JSON, and lines stay plain.
static HIGHLIGHTER: OnceLock<Option<Highlighter>> = OnceLock::new();

/// The innermost scope that begins with one of these decides. Names as in the Sublime Text packages syntect carries.
const ROLES: [(&str, Role); 11] = [
    ("meta.structure.dictionary.key.json", Role::SyntaxKey),
    ("meta.mapping.key.json", Role::SyntaxKey),
    ("entity.name.tag.yaml", Role::SyntaxKey),
    ("string", Role::SyntaxString),
    ("constant.character.escape", Role::SyntaxConstant),
    ("constant.numeric", Role::SyntaxNumber),
    ("constant.language", Role::SyntaxConstant),
    ("punctuation.separator", Role::SyntaxPunctuation),
    ("punctuation.section", Role::SyntaxPunctuation),
    ("punctuation.definition.block", Role::SyntaxPunctuation),
    ("comment", Role::SyntaxPunctuation),
];

/// Loads the grammar. Takes tens of milliseconds: call it from a thread of its own.
pub fn warm() {
    HIGHLIGHTER.get_or_init(Highlighter::load);
}

/// The tokens of one line. `None` until [`warm`] is done.
pub fn line(text: &str, within: Within, syntax: Syntax) -> Option<Box<[Token]>> {
    if syntax == Syntax::Hcl {
        let plain = within == Within::Text || text.len() > LONGEST;
        return Some(if plain { Box::default() } else { hcl::tokens(text).into() });
    }
    let highlighter = HIGHLIGHTER.get()?.as_ref();
    Some(highlighter.and_then(|h| h.tokens(text, within, syntax)).unwrap_or_default())
}

impl Highlighter {
    fn load() -> Option<Self> {
        let syntaxes = SyntaxSet::load_defaults_newlines();
        let json = syntaxes.find_syntax_by_extension("json")?;
        let inside = |opening: &str| {
            let mut state = ParseState::new(json);
            let mut stack = ScopeStack::new();
            for (_, op) in state.parse_line(opening, &syntaxes).ok()? {
                stack.apply(&op).ok()?;
            }
            Some((state, stack))
        };
        let (object, array) = (inside("{\n")?, inside("[\n")?);
        let roles = ROLES.iter().filter_map(|(name, role)| Some((Scope::new(name).ok()?, *role))).collect();
        let yaml = syntaxes.find_syntax_by_extension("yaml").map(ParseState::new);
        Some(Self { syntaxes, object, array, yaml, roles })
    }

    fn tokens(&self, text: &str, within: Within, syntax: Syntax) -> Option<Box<[Token]>> {
        let (mut state, mut stack) = match (within, syntax) {
            (Within::Text, _) => return None,
            // A line of YAML says by itself what it is.
            (_, Syntax::Yaml) => (self.yaml.clone()?, ScopeStack::new()),
            (Within::Object, _) => self.object.clone(),
            (Within::Array, _) => self.array.clone(),
        };
        if text.len() > LONGEST {
            return None;
        }
        let mut tokens: Vec<Token> = Vec::new();
        let mut push = |end: usize, role: Option<Role>| match tokens.last_mut() {
            Some(last) if last.role == role => last.end = end,
            Some(last) if last.end >= end => {}
            _ if end == 0 => {}
            _ => tokens.push(Token { end, role }),
        };
        for (at, op) in state.parse_line(&format!("{text}\n"), &self.syntaxes).ok()? {
            push(at.min(text.len()), self.role(&stack));
            stack.apply(&op).ok()?;
        }
        push(text.len(), self.role(&stack));
        Some(tokens.into())
    }

    fn role(&self, stack: &ScopeStack) -> Option<Role> {
        let role_of =
            |scope: &Scope| self.roles.iter().find(|(prefix, _)| prefix.is_prefix_of(*scope)).map(|(_, role)| *role);
        let roles = stack.as_slice().iter().filter_map(role_of);
        // A key is a string too; that it is a key matters more.
        roles.reduce(|outer, inner| if outer == Role::SyntaxKey { outer } else { inner })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn roles(text: &str, within: Within) -> Vec<(&str, Option<Role>)> {
        roles_of(text, within, Syntax::Json)
    }

    fn roles_of(text: &str, within: Within, syntax: Syntax) -> Vec<(&str, Option<Role>)> {
        warm();
        let mut start = 0;
        let tokens = line(text, within, syntax).unwrap();
        tokens.iter().map(|t| (&text[std::mem::replace(&mut start, t.end)..t.end], t.role)).collect()
    }

    #[test]
    fn keys_and_values_of_an_object_are_told_apart() {
        let line = roles("  \"port\": 443,", Within::Object);
        assert!(line.contains(&("\"port\"", Some(Role::SyntaxKey))), "{line:?}");
        assert!(line.contains(&("443", Some(Role::SyntaxNumber))), "{line:?}");
        let line = roles("\"a\": \"b\\n\"", Within::Object);
        assert!(line.contains(&("\\n", Some(Role::SyntaxConstant))), "{line:?}");
        assert!(line.contains(&("\"b", Some(Role::SyntaxString))), "{line:?}");
    }

    #[test]
    fn a_string_in_a_list_is_no_key() {
        assert_eq!(roles("\"b\"", Within::Array), [("\"b\"", Some(Role::SyntaxString))]);
        assert_eq!(roles("true", Within::Array), [("true", Some(Role::SyntaxConstant))]);
    }

    #[test]
    fn a_line_of_yaml_has_its_key_and_its_value() {
        let line = roles_of("  - port: 443", Within::Object, Syntax::Yaml);
        assert!(line.contains(&("port", Some(Role::SyntaxKey))), "{line:?}");
        assert!(line.contains(&("443", Some(Role::SyntaxNumber))), "{line:?}");
        assert_eq!(line[1], ("-", Some(Role::SyntaxPunctuation)), "{line:?}");
    }

    #[test]
    fn text_and_endless_lines_stay_plain() {
        assert!(roles("anything", Within::Text).is_empty());
        assert!(roles(&"1".repeat(LONGEST + 1), Within::Array).is_empty());
    }
}
