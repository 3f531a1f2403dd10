//! The tools of the journeys, tried on pages made here: a check that cannot
//! fail would let everything through.

use std::io::{Read, Write};
use std::net::TcpListener;

use anyhow::{Context, Result};
use fantoccini::key::Key;

use crate::browser::{Page, repository};
use crate::http;

const SOUND: &str = r##"<!doctype html>
<html lang="ja"><head><meta charset="utf-8"><title>標</title>
<link rel="icon" href="data:,"></head>
<body><a href="#main">本文へ</a><main id="main" tabindex="-1"><h1>標</h1>
<p><a id="next" href="/unsound?from=sound">次へ</a></p></main></body></html>"##;

/// No language, an image and a field without names, text too pale to read, and
/// a script that fails.
const UNSOUND: &str = r##"<!doctype html>
<html><head><meta charset="utf-8"><title>x</title><link rel="icon" href="data:,"></head>
<body><main><h1>x</h1><img src="data:image/gif;base64,R0lGODlhAQABAAAAACw=">
<input name="field"><p style="color:#ddd;background:#fff">pale</p>
<script>missing()</script></main></body></html>"##;

/// Serves the two pages for as long as the tests run.
fn serve() -> Result<String> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let url = format!("http://{}", listener.local_addr()?);
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            std::thread::spawn(move || {
                let mut request = [0; 4096];
                let count = stream.read(&mut request).unwrap_or(0);
                let head = String::from_utf8_lossy(request.get(..count).unwrap_or_default());
                let page = if head.contains(" /unsound") { UNSOUND } else { SOUND };
                let _ = write!(
                    stream,
                    "HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\n\
                     Content-Length: {}\r\nConnection: close\r\n\r\n{page}",
                    page.len()
                );
            });
        }
    });
    Ok(url)
}

#[tokio::test]
async fn a_sound_page_passes_and_can_be_read_and_used() -> Result<()> {
    let url = serve()?;
    let page = Page::on(&url).await?;
    page.visit("/sound").await?;
    assert_eq!(page.text("h1").await?, "標");
    assert_eq!(page.attribute("html", "lang").await?.as_deref(), Some("ja"));
    assert_eq!(page.count("main").await?, 1);
    page.check_accessibility().await?;
    assert_eq!(page.complaints()?, Vec::<String>::new());
    page.press(Key::Tab).await?;
    assert_eq!(page.active_element().await?.attr("href").await?.as_deref(), Some("#main"));
    page.click("#next").await?;
    assert_eq!(page.path().await?, "/unsound?from=sound");
    Ok(())
}

#[tokio::test]
async fn an_unsound_page_is_refused_with_each_rule_and_element() -> Result<()> {
    let url = serve()?;
    let page = Page::on(&url).await?;
    page.visit("/unsound").await?;
    let error = page.check_accessibility().await.err().context("the page passed")?.to_string();
    for (rule, element) in [
        ("html-has-lang", "html"),
        ("image-alt", "img"),
        ("label", "input"),
        ("color-contrast", "p"),
    ] {
        let named = error.lines().any(|line| line.contains(rule) && line.contains(element));
        assert!(named, "`{rule}` on `{element}` is not in:\n{error}");
    }
    assert!(error.contains("(critical)"), "{error}");
    let complaints = page.complaints()?;
    assert!(
        complaints.iter().any(|text| text.contains("missing is not defined")),
        "{complaints:?}"
    );
    Ok(())
}

#[tokio::test]
async fn a_screenshot_is_kept_as_an_image() -> Result<()> {
    let url = serve()?;
    let page = Page::on(&url).await?;
    page.visit("/sound").await?;
    let folder = repository().join("target/e2e-screenshots");
    let path = folder.join("base-check.png");
    let _ = std::fs::remove_file(&path);
    page.keep_screenshot_in(&folder, "base-check").await?;
    let image = std::fs::read(&path)?;
    assert!(image.starts_with(b"\x89PNG"), "{:?}", image.get(..8));
    Ok(())
}

#[test]
fn an_answer_is_read_with_its_headers() -> Result<()> {
    let answer = http::get(&format!("{}/sound", serve()?))?;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.header("content-type"), Some("text/html; charset=utf-8"));
    assert_eq!(answer.text()?, SOUND);
    Ok(())
}

#[test]
fn an_answer_in_chunks_is_joined() -> Result<()> {
    const CHUNKED: &str = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n\
        3\r\nabc\r\na;x=y\r\n0123456789\r\n0\r\n\r\n";
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let url = format!("http://{}/", listener.local_addr()?);
    let server = std::thread::spawn(move || -> std::io::Result<()> {
        let (mut stream, _) = listener.accept()?;
        let _ = stream.read(&mut [0; 4096])?;
        for byte in CHUNKED.as_bytes() {
            stream.write_all(&[*byte])?;
        }
        Ok(())
    });
    assert_eq!(http::get(&url)?.text()?, "abc0123456789");
    server.join().map_err(|_| anyhow::anyhow!("the server failed"))??;
    Ok(())
}

#[tokio::test]
async fn a_page_leaves_neither_browser_nor_profile_behind() -> Result<()> {
    let page = Page::on(&serve()?).await?;
    page.visit("/sound").await?;
    let (session, profile) = page.traces();
    assert_eq!(http::get(&format!("{session}/title"))?.status, 200);
    assert!(profile.exists());
    drop(page);
    assert_eq!(http::get(&format!("{session}/title"))?.status, 404);
    assert!(!profile.exists());
    Ok(())
}
