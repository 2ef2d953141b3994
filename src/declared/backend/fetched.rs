//! A state in memory, and whether it is one.

use std::io::Cursor;

use jiff::Timestamp;

use super::super::input::{self, io_error, source_error};
use super::super::recognise::{Content, HEAD_BYTES, recognise_bytes};
use super::super::terraform::{StateFile, refused_encrypted, refused_old};
use crate::declared::DeclaredSource;
use crate::drift::SourceError;
use crate::safety::Tainted;

/// What a backend handed out.
#[derive(Default)]
pub(crate) struct Fetched {
    pub bytes: Vec<u8>,
    /// When it was written, as the backend says.
    pub written_at: Option<Timestamp>,
    /// Worth knowing of it: who holds its lock, what could not be checked.
    pub notices: Vec<Tainted>,
}

impl Fetched {
    /// The source, when it is a state.
    pub fn source(self, name: &str) -> Result<Box<dyn DeclaredSource>, SourceError> {
        let head = input::unpacked(Cursor::new(self.bytes.as_slice()))
            .and_then(|mut reader| input::start_of(&mut reader, HEAD_BYTES))
            .map_err(|error| io_error(name, &error))?;
        match recognise_bytes(&head) {
            Content::TerraformState => Ok(Box::new(StateFile::in_memory(name, self))),
            Content::TerraformStateOld(version) => Err(refused_old(name, &version)),
            Content::TerraformStateEncrypted { serial, lineage } => Err(refused_encrypted(name, serial, lineage)),
            Content::Empty => Err(source_error(name, "it is empty", RESTORE)),
            Content::Broken(fault) => Err(source_error(name, fault, RESTORE)),
            Content::Other { found, .. } => {
                Err(source_error(name, format!("{found}, and no Terraform state"), "Check the address."))
            }
            _ => Err(source_error(name, "it holds no Terraform state", "Check the address.")),
        }
    }
}

const RESTORE: &str =
    "Scan again when whoever writes it is done; if it stays so, restore an older version of the state.";
