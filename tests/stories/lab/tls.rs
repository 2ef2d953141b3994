//! A CA of our own, and an https server with a certificate of it.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};

/// Files of a CA and of a server it vouches for, whose name is `localhost`.
pub struct Certificates {
    pub ca: PathBuf,
    pub server: PathBuf,
    pub key: PathBuf,
}

/// Made with openssl; `None`, said aloud, where there is none.
pub fn certificates(directory: &Path) -> Option<Certificates> {
    let conf = "[req]\ndistinguished_name = dn\nprompt = no\n[dn]\nCN = lab\n[ca]\nbasicConstraints = critical, CA:TRUE\n\
                keyUsage = critical, keyCertSign\n[server]\nsubjectAltName = DNS:localhost\nextendedKeyUsage = serverAuth\n";
    std::fs::write(directory.join("openssl.cnf"), conf).unwrap();
    let openssl = |arguments: &str| {
        let mut command = Command::new("openssl");
        command.args(arguments.split(' ')).current_dir(directory).stdout(Stdio::null()).stderr(Stdio::null());
        command.status().is_ok_and(|status| status.success())
    };
    let new = "-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -config openssl.cnf";
    let made = openssl(&format!("req -x509 {new} -days 2 -extensions ca -keyout ca.key -out ca.pem"))
        && openssl(&format!("req {new} -keyout server.key -out server.csr"))
        && openssl(
            "x509 -req -in server.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 2 -extfile openssl.cnf -extensions server -out server.pem",
        );
    if !made {
        eprintln!("SKIPPED: openssl makes no certificates here");
        return None;
    }
    let file = |name: &str| directory.join(name);
    Some(Certificates { ca: file("ca.pem"), server: file("server.pem"), key: file("server.key") })
}

/// Answers everybody who brings the line `Authorization: {wanted}` with the body, others with 401; gives the port.
pub fn https(certificates: &Certificates, wanted: &'static str, body: String) -> u16 {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let chain = vec![CertificateDer::from_pem_file(&certificates.server).unwrap()];
    let key = PrivateKeyDer::from_pem_file(&certificates.key).unwrap();
    let config = Arc::new(ServerConfig::builder().with_no_client_auth().with_single_cert(chain, key).unwrap());
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let tls = StreamOwned::new(ServerConnection::new(Arc::clone(&config)).unwrap(), stream);
            let mut reader = BufReader::new(tls);
            let mut lines = reader.by_ref().lines();
            let head: Vec<String> = lines.by_ref().map_while(Result::ok).take_while(|line| !line.is_empty()).collect();
            let line = format!("authorization: {wanted}").to_lowercase();
            let status = if head.iter().any(|one| one.to_lowercase() == line) { "200 OK" } else { "401 Unauthorized" };
            let length = body.len();
            let answer = format!("HTTP/1.1 {status}\r\nConnection: close\r\nContent-Length: {length}\r\n\r\n{body}");
            let _ = reader.get_mut().write_all(answer.as_bytes());
            reader.get_mut().conn.send_close_notify();
            let _ = reader.get_mut().flush();
        }
    });
    port
}
