//! A way to a server that can be cut at the worst moment.

use std::net::Ipv4Addr;
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

/// When the way is cut next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cut {
    Never,
    /// When a commit is asked for, before the server hears of it.
    BeforeCommit,
    /// When the server has done a commit, before its answer arrives.
    AfterCommit,
}

#[derive(Debug)]
struct State {
    cut: Cut,
    open: bool,
}

/// The way. It ends when it is dropped.
pub struct Proxy {
    pub port: u16,
    state: Arc<Mutex<State>>,
    generation: watch::Sender<u64>,
    accepting: tokio::task::JoinHandle<()>,
}

impl Proxy {
    pub async fn to(server: u16) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let state = Arc::new(Mutex::new(State { cut: Cut::Never, open: true }));
        let (generation, watch) = watch::channel(0);
        let shared = Arc::clone(&state);
        let accepting = tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                if !shared.lock().unwrap().open {
                    continue;
                }
                let Ok(server) = TcpStream::connect((Ipv4Addr::LOCALHOST, server)).await else {
                    continue;
                };
                tokio::spawn(carry(client, server, Arc::clone(&shared), watch.clone()));
            }
        });
        Self { port, state, generation, accepting }
    }

    /// Cuts the connection that commits next.
    pub fn cut_at(&self, cut: Cut) {
        self.state.lock().unwrap().cut = cut;
    }

    /// Cuts every connection now.
    pub fn cut_all(&self) {
        self.generation.send_modify(|generation| *generation += 1);
    }

    /// Whether new connections get through.
    pub fn set_open(&self, open: bool) {
        self.state.lock().unwrap().open = open;
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.accepting.abort();
        self.cut_all();
    }
}

async fn carry(
    mut client: TcpStream,
    mut server: TcpStream,
    state: Arc<Mutex<State>>,
    mut generation: watch::Receiver<u64>,
) {
    let (mut up, mut down) = (vec![0; 1 << 16], vec![0; 1 << 16]);
    generation.mark_unchanged();
    loop {
        tokio::select! {
            _ = generation.changed() => return,
            read = client.read(&mut up) => {
                let Ok(length @ 1..) = read else { return };
                let commits = up[..length].windows(7).any(|bytes| bytes == b"COMMIT\0");
                let cut = take(&state, commits);
                if cut == Cut::BeforeCommit || server.write_all(&up[..length]).await.is_err() {
                    return;
                }
                if cut == Cut::AfterCommit {
                    // The server answers when the commit is done.
                    let _ = server.read(&mut down).await;
                    return;
                }
            }
            read = server.read(&mut down) => {
                let Ok(length @ 1..) = read else { return };
                if client.write_all(&down[..length]).await.is_err() {
                    return;
                }
            }
        }
    }
}

fn take(state: &Mutex<State>, commits: bool) -> Cut {
    let mut state = state.lock().unwrap();
    if commits { std::mem::replace(&mut state.cut, Cut::Never) } else { Cut::Never }
}
