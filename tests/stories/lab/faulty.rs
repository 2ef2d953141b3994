//! A network that does what networks do: between a client and a server, each request on a connection of its own.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWriteExt, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

/// What happens to a request.
#[derive(Clone, Copy, Debug)]
pub enum Fault {
    None,
    Slow(Duration),
    /// The connection is gone before anything arrives.
    Drop,
    /// It arrives, and so many bytes of the answer come back.
    Cut(usize),
    /// It arrives nowhere, and nobody says so.
    Hang,
    /// Somebody on the way answers with this status and this problem.
    Say(u16, &'static str),
    /// A server of another version of the API answers.
    Speak(&'static str),
}

/// `choose` is given the first line of a request and its number.
type Choose = Box<dyn Fn(&str, usize) -> Fault + Send>;

pub struct Network {
    pub address: SocketAddr,
    choose: Arc<Mutex<Choose>>,
    /// Nothing goes through, and what was open is cut.
    down: watch::Sender<bool>,
}

impl Network {
    pub async fn before(server: SocketAddr, choose: impl Fn(&str, usize) -> Fault + Send + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let choose: Arc<Mutex<Choose>> = Arc::new(Mutex::new(Box::new(choose)));
        let (chooses, down) = (Arc::clone(&choose), watch::Sender::new(false));
        let is_down = down.subscribe();
        tokio::spawn(async move {
            let mut number = 0;
            while let Ok((client, _)) = listener.accept().await {
                let (chooses, mut is_down) = (Arc::clone(&chooses), is_down.clone());
                number += 1;
                tokio::spawn(async move {
                    tokio::select! {
                        _ = is_down.wait_for(|down| *down) => {}
                        _ = carry(client, server, chooses, number) => {}
                    }
                });
            }
        });
        Self { address, choose, down }
    }

    pub fn is(&self, choose: impl Fn(&str, usize) -> Fault + Send + 'static) {
        *self.choose.lock().unwrap() = Box::new(choose);
    }

    pub fn down(&self, down: bool) {
        self.down.send_replace(down);
    }
}

async fn carry(
    mut client: TcpStream,
    server: SocketAddr,
    choose: Arc<Mutex<Choose>>,
    number: usize,
) -> std::io::Result<()> {
    let (head, rest) = head(&mut client).await?;
    let first = head.lines().next().unwrap_or_default().to_owned();
    let fault = choose.lock().unwrap()(&first, number);
    let reaches = async |wait: Duration| {
        tokio::time::sleep(wait).await;
        let mut stream = TcpStream::connect(server).await?;
        // The next request is another connection.
        let head = head.replacen("\r\n", "\r\nconnection: close\r\n", 1);
        stream.write_all(head.as_bytes()).await?;
        stream.write_all(&rest).await?;
        std::io::Result::Ok(stream)
    };
    match fault {
        Fault::None => copy_bidirectional(&mut client, &mut reaches(Duration::ZERO).await?).await.map(drop),
        Fault::Slow(wait) => copy_bidirectional(&mut client, &mut reaches(wait).await?).await.map(drop),
        Fault::Drop => Ok(()),
        Fault::Hang => std::future::pending().await,
        Fault::Cut(bytes) => {
            let mut stream = reaches(Duration::ZERO).await?;
            let body = length(&head).saturating_sub(rest.len());
            let mut left = vec![0; body];
            client.read_exact(&mut left).await?;
            stream.write_all(&left).await?;
            let mut answer = vec![];
            stream.read_to_end(&mut answer).await?;
            client.write_all(&answer[..bytes.min(answer.len())]).await
        }
        Fault::Say(status, code) => {
            let mut left = vec![0; length(&head).saturating_sub(rest.len())];
            client.read_exact(&mut left).await?;
            let body = format!(r#"{{"error": {{"code": "{code}", "message": "said on the way"}}}}"#);
            client.write_all(said(status, "1.0", &body).as_bytes()).await
        }
        Fault::Speak(version) => client.write_all(said(200, version, "{}").as_bytes()).await,
    }
}

fn said(status: u16, version: &str, body: &str) -> String {
    format!(
        "HTTP/1.1 {status} Said\r\nx-driftguard-api: {version}\r\ncontent-type: application/json\r\nconnection: close\r\n\
         content-length: {}\r\n\r\n{body}",
        body.len()
    )
}

/// The head of a request, and what came after it.
async fn head(client: &mut (impl AsyncRead + Unpin)) -> std::io::Result<(String, Vec<u8>)> {
    let mut read = vec![];
    loop {
        let mut piece = [0; 4096];
        let got = client.read(&mut piece).await?;
        if got == 0 {
            return Err(std::io::ErrorKind::UnexpectedEof.into());
        }
        read.extend_from_slice(&piece[..got]);
        if let Some(end) = read.windows(4).position(|four| four == b"\r\n\r\n") {
            let rest = read.split_off(end + 4);
            return Ok((String::from_utf8_lossy(&read).into_owned(), rest));
        }
    }
}

fn length(head: &str) -> usize {
    let lines = head.lines().filter_map(|line| line.split_once(':'));
    let mut lengths = lines.filter(|(name, _)| name.eq_ignore_ascii_case("content-length"));
    lengths.next().and_then(|(_, value)| value.trim().parse().ok()).unwrap_or(0)
}
