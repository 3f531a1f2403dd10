//! Accounts, passwords, sessions, tokens and one-time links.

use shirube_access::{
    AccountText, Accounts, FREE_BY_NAME, IDLE_SECONDS_MAX, Origin, RECOVERY_HOURS, Reach,
    SESSION_SECONDS_MAX, Secret, TOKEN_DAYS_MAX, check_form, wait_seconds,
};
use shirube_model::lang::LocalText;

use crate::common::{BY, HERE, PASSWORD, add, after, fixture, noon, text};

#[tokio::test]
async fn an_account_is_kept_and_found_under_every_way_of_typing_its_name() {
    let f = fixture().await;
    let made = add(&f, " Yamada.Tarō ", &["lead@厚", "registrar@*/trial"]).await;
    assert_eq!(made.name, "yamada.tarō");
    for typed in ["yamada.tarō", "YAMADA.TARŌ", "ｙamada.tarō", " Yamada.taro\u{304}"] {
        assert_eq!(f.accounts.by_name(typed).await.unwrap(), made, "{typed}");
    }
    assert_eq!(f.accounts.get(&made.id).await.unwrap(), made);
    assert_eq!(f.accounts.list().await.unwrap(), vec![made.clone()]);
    assert_eq!(made.organisations().into_iter().collect::<Vec<_>>(), ["厚"]);
    let again = f.accounts.add(text("YAMADA.tarō", &[]), None, BY, noon()).await;
    assert_eq!(again.unwrap_err().code(), "access.account.name-taken");
    f.accounts.close().await;
    let reopened = Accounts::open(&f.dir.path().join(shirube_access::FILE)).await.unwrap();
    assert_eq!(reopened.get(&made.id).await.unwrap(), made, "after a restart");
}

#[tokio::test]
async fn bad_accounts_are_refused() {
    let f = fixture().await;
    let good = text("taro", &["lead@厚"]);
    let cases: Vec<(AccountText, &str)> = vec![
        (AccountText { name: "t".into(), ..good.clone() }, "access.account.name"),
        (AccountText { name: "a b".into(), ..good.clone() }, "access.account.name"),
        (AccountText { name: "a\u{0}b".into(), ..good.clone() }, "access.account.name"),
        (AccountText { name: "x".repeat(65), ..good.clone() }, "access.account.name"),
        (
            AccountText { display: LocalText::new("太郎", " "), ..good.clone() },
            "access.account.display-missing",
        ),
        (
            AccountText { display: LocalText::new("太\n郎", "Taro"), ..good.clone() },
            "access.account.text",
        ),
        (AccountText { email: Some("nobody".into()), ..good.clone() }, "access.account.email"),
        (AccountText { email: Some("a b@c".into()), ..good.clone() }, "access.account.email"),
        (
            AccountText {
                valid_from: "2026-04-02".parse().ok(),
                valid_to: "2026-04-01".parse().ok(),
                ..good.clone()
            },
            "access.account.days",
        ),
    ];
    for (bad, code) in cases {
        let refused = f.accounts.add(bad.clone(), None, BY, noon()).await.unwrap_err();
        assert_eq!(refused.code(), code, "{bad:?}");
    }
    let by = shirube_access::By { actor: "test", reason: " " };
    let refused = f.accounts.add(good.clone(), None, by, noon()).await.unwrap_err();
    assert_eq!(refused.code(), "access.reason.missing");
    let refused = f.accounts.add(good, Some("short"), BY, noon()).await.unwrap_err();
    assert_eq!(refused.code(), "access.password.short");
    assert_eq!(f.accounts.count().await.unwrap(), 0, "nothing refused is kept");
}

#[tokio::test]
async fn signing_in_opens_a_session_that_ends_when_idle_and_in_any_case() {
    let f = fixture().await;
    let account = add(&f, "taro", &[]).await;
    let opened = f.accounts.sign_in("Taro", PASSWORD, HERE, noon()).await.unwrap();
    let secret = opened.secret.expose().to_owned();
    let session = f.accounts.session(&secret, after(1)).await.unwrap().unwrap();
    assert_eq!(session.account, account);
    assert!(check_form(&session, &session.form_token).is_ok());
    for forged in ["", "0", &secret, &session.form_token[1..]] {
        assert_eq!(check_form(&session, forged).unwrap_err().code, "access.form.forged");
    }
    let forged = Secret::random().unwrap();
    assert_eq!(f.accounts.session(forged.expose(), after(1)).await.unwrap(), None);
    assert_eq!(f.accounts.session("", after(1)).await.unwrap(), None);

    // Seen every half hour it lasts to its absolute end, and not a second more.
    let mut at = 0;
    while at + IDLE_SECONDS_MAX / 2 <= SESSION_SECONDS_MAX {
        at += IDLE_SECONDS_MAX / 2;
        assert!(f.accounts.session(&secret, after(at)).await.unwrap().is_some(), "{at}");
    }
    assert!(f.accounts.session(&secret, after(SESSION_SECONDS_MAX)).await.unwrap().is_some());
    assert_eq!(f.accounts.session(&secret, after(SESSION_SECONDS_MAX + 1)).await.unwrap(), None);

    let opened = f.accounts.sign_in("taro", PASSWORD, HERE, noon()).await.unwrap();
    let idle = after(IDLE_SECONDS_MAX + 1);
    assert_eq!(f.accounts.session(opened.secret.expose(), idle).await.unwrap(), None);
}

#[tokio::test]
async fn each_sign_in_is_a_session_of_its_own_and_only_its_owner_ends_it() {
    let f = fixture().await;
    let (taro, hana) = (add(&f, "taro", &[]).await, add(&f, "hana", &[]).await);
    let mut secrets = Vec::new();
    for (name, second) in [("taro", 0), ("taro", 1), ("taro", 2), ("hana", 3)] {
        let opened = f.accounts.sign_in(name, PASSWORD, HERE, after(second)).await.unwrap();
        secrets.push(opened.secret.expose().to_owned());
    }
    let lines = f.accounts.sessions(&taro.id, after(4)).await.unwrap();
    assert_eq!(lines.len(), 3);
    assert_eq!(lines[0].address, HERE.address);
    let refused = f.accounts.end_session(&hana.id, &lines[0].id).await.unwrap_err();
    assert_eq!(refused.code(), "access.session.unknown");
    f.accounts.end_session(&taro.id, &lines[0].id).await.unwrap();
    assert_eq!(f.accounts.session(&secrets[2], after(4)).await.unwrap(), None);
    let own = f.accounts.session(&secrets[0], after(4)).await.unwrap().unwrap();
    assert_eq!(f.accounts.end_other_sessions(&taro.id, &own.id).await.unwrap(), 1);
    assert!(f.accounts.session(&secrets[0], after(4)).await.unwrap().is_some());
    assert_eq!(f.accounts.session(&secrets[1], after(4)).await.unwrap(), None);
    assert!(f.accounts.session(&secrets[3], after(4)).await.unwrap().is_some(), "of another");
}

#[tokio::test]
async fn a_shut_or_expired_account_has_nothing() {
    let f = fixture().await;
    let account = add(&f, "taro", &["admin"]).await;
    let session = f.accounts.sign_in("taro", PASSWORD, HERE, noon()).await.unwrap();
    let token =
        f.accounts.make_token(&account.id, "script", Reach::Write, 30, noon()).await.unwrap();
    let link = f.accounts.recovery(&account.id, BY, noon()).await.unwrap();
    // Its last day is yesterday: everything rests, and comes back with the days.
    let past = AccountText { valid_to: "2026-03-31".parse().ok(), ..text("taro", &["admin"]) };
    f.accounts.change(&account.id, past, BY, noon()).await.unwrap();
    let secret = session.secret.expose();
    assert_eq!(f.accounts.session(secret, after(1)).await.unwrap(), None);
    assert_eq!(f.accounts.bearer(token.expose(), after(1)).await.unwrap(), None);
    let refused = f.accounts.sign_in("taro", PASSWORD, HERE, after(1)).await.unwrap_err();
    assert_eq!(refused.code(), "access.sign-in.wrong", "as for a wrong password");
    let refused = f.accounts.recover(link.expose(), "another long one", HERE, after(1)).await;
    assert_eq!(refused.unwrap_err().code(), "access.recovery.unknown");
    f.accounts.change(&account.id, text("taro", &["admin"]), BY, after(2)).await.unwrap();
    assert!(f.accounts.session(secret, after(3)).await.unwrap().is_some());
    // Shut by an administrator: sessions and tokens are gone for good.
    let shut = AccountText { disabled: true, ..text("taro", &["admin"]) };
    f.accounts.change(&account.id, shut, BY, after(4)).await.unwrap();
    f.accounts.change(&account.id, text("taro", &["admin"]), BY, after(5)).await.unwrap();
    assert_eq!(f.accounts.session(secret, after(6)).await.unwrap(), None);
    assert_eq!(f.accounts.bearer(token.expose(), after(6)).await.unwrap(), None);
    assert!(f.accounts.tokens(&account.id, after(6)).await.unwrap().is_empty());
}

#[tokio::test]
async fn unknown_names_and_wrong_passwords_get_one_answer_and_wait_alike() {
    let f = fixture().await;
    add(&f, "taro", &[]).await;
    let tries = FREE_BY_NAME + 3;
    for name in ["taro", "nobody"] {
        let mut codes = Vec::new();
        for at in 0..tries {
            let origin = Origin { address: name, agent: "" };
            let refused = f.accounts.sign_in(name, "a wrong password", origin, after(at)).await;
            let refused = refused.unwrap_err();
            codes.push(refused.refusal().clone());
        }
        let short: Vec<&str> = codes.iter().map(|refusal| refusal.code).collect();
        let wrong = "access.sign-in.wrong";
        // The fifth failure makes the next wait for 1 s, the sixth for 2 s, …
        assert_eq!(short, [wrong, wrong, wrong, wrong, wrong, wrong, "access.sign-in.wait", wrong]);
        assert_eq!(codes[6].args["seconds"], "1", "{name}");
    }
    // While it rests, the right password does not help either.
    let refused = f.accounts.sign_in("taro", PASSWORD, HERE, after(7)).await.unwrap_err();
    assert_eq!(refused.code(), "access.sign-in.wait");
    let wait = wait_seconds(FREE_BY_NAME + 2, FREE_BY_NAME);
    let opened = f.accounts.sign_in("taro", PASSWORD, HERE, after(7 + wait)).await;
    assert!(opened.is_ok(), "{opened:?}");
}

#[tokio::test]
async fn many_tries_at_one_moment_do_not_pass_the_limit_together() {
    let f = fixture().await;
    add(&f, "taro", &[]).await;
    let tries = (0..20).map(|_| {
        let accounts = f.accounts.clone();
        tokio::spawn(async move {
            accounts.sign_in("taro", "a wrong password", HERE, noon()).await.unwrap_err().code()
        })
    });
    let mut wrong = 0;
    for task in tries.collect::<Vec<_>>() {
        wrong += i64::from(task.await.unwrap() == "access.sign-in.wrong");
    }
    assert_eq!(wrong, FREE_BY_NAME, "the others had to wait");
}

#[tokio::test]
async fn one_address_cannot_try_one_password_on_many_names() {
    let f = fixture().await;
    let mut codes = Vec::new();
    for n in 0..40 {
        let name = format!("user{n}");
        let refused = f.accounts.sign_in(&name, "a wrong password", HERE, noon()).await;
        codes.push(refused.unwrap_err().code());
    }
    let waits = codes.iter().filter(|code| **code == "access.sign-in.wait").count();
    assert_eq!(waits, 10, "{codes:?}");
    let elsewhere = Origin { address: "192.0.2.8", agent: "" };
    let refused = f.accounts.sign_in("user99", "a wrong password", elsewhere, noon()).await;
    assert_eq!(refused.unwrap_err().code(), "access.sign-in.wrong");
}

#[tokio::test]
async fn the_history_says_what_happened_and_cannot_be_changed() {
    let f = fixture().await;
    let account = add(&f, "taro", &[]).await;
    for (name, password) in [("taro", PASSWORD), ("taro", "wrong"), ("hunter2secret", "wrong")] {
        let _ = f.accounts.sign_in(name, password, HERE, noon()).await;
    }
    let own = f.accounts.sign_ins(Some(&account.id), 10).await.unwrap();
    let outcomes: Vec<_> = own.iter().map(|line| line.outcome.as_str()).collect();
    assert_eq!(outcomes, ["wrong", "opened"]);
    let all = f.accounts.sign_ins(None, 10).await.unwrap();
    assert_eq!((all.len(), all[0].account.as_deref()), (3, None));
    let changes = f.accounts.changes(Some(&account.id), 10).await.unwrap();
    assert_eq!((changes.len(), changes[0].what.as_str()), (1, "made"));
    f.accounts.close().await;
    let path = f.dir.path().join(shirube_access::FILE);
    // What was typed as an unknown name may be a password: it is nowhere.
    for file in std::fs::read_dir(f.dir.path()).unwrap() {
        let bytes = std::fs::read(file.unwrap().path()).unwrap();
        for secret in ["hunter2secret", PASSWORD] {
            let found = bytes.windows(secret.len()).any(|part| part == secret.as_bytes());
            assert!(!found, "{secret}");
        }
    }
    use sqlx::ConnectOptions;
    let options = sqlx::sqlite::SqliteConnectOptions::new().filename(&path);
    let mut connection = options.connect().await.unwrap();
    for text in [
        "UPDATE sign_in SET outcome = 'opened'",
        "DELETE FROM sign_in",
        "UPDATE account_change SET actor = 'other'",
        "DELETE FROM account_change",
    ] {
        assert!(sqlx::query(text).execute(&mut connection).await.is_err(), "{text}");
    }
}

#[cfg(unix)]
#[tokio::test]
async fn nobody_but_its_owner_may_read_the_database() {
    use std::os::unix::fs::PermissionsExt;
    let f = fixture().await;
    add(&f, "taro", &[]).await;
    for file in std::fs::read_dir(f.dir.path()).unwrap() {
        let file = file.unwrap();
        let mode = file.metadata().unwrap().permissions().mode() & 0o777;
        assert_eq!(mode, 0o600, "{:?}", file.path());
    }
}

#[tokio::test]
async fn a_password_changes_with_the_old_one_and_ends_other_sessions() {
    let f = fixture().await;
    let account = add(&f, "taro", &[]).await;
    let a = f.accounts.sign_in("taro", PASSWORD, HERE, noon()).await.unwrap();
    let b = f.accounts.sign_in("taro", PASSWORD, HERE, after(1)).await.unwrap();
    let own = f.accounts.session(a.secret.expose(), after(2)).await.unwrap().unwrap();
    let who = (account.id.as_str(), own.id.as_str());
    let new = "a quite different one";
    for (old, new, code) in [
        ("wrong old password", new, "access.password.old-wrong"),
        (PASSWORD, "short", "access.password.short"),
        (PASSWORD, "taro", "access.password.short"),
    ] {
        let refused = f.accounts.change_password(who, (old, new), HERE, after(3)).await;
        assert_eq!(refused.unwrap_err().code(), code);
    }
    f.accounts.change_password(who, (PASSWORD, new), HERE, after(4)).await.unwrap();
    assert!(f.accounts.session(a.secret.expose(), after(5)).await.unwrap().is_some());
    assert_eq!(f.accounts.session(b.secret.expose(), after(5)).await.unwrap(), None);
    let old = f.accounts.sign_in("taro", PASSWORD, HERE, after(6)).await.unwrap_err();
    assert_eq!(old.code(), "access.sign-in.wrong");
    f.accounts.sign_in("taro", new, HERE, after(7)).await.unwrap();
}

#[tokio::test]
async fn a_one_time_link_works_once_and_for_a_day() {
    let f = fixture().await;
    let account = add(&f, "taro", &[]).await;
    let day = RECOVERY_HOURS * 3600;
    let session = f.accounts.sign_in("taro", PASSWORD, HERE, noon()).await.unwrap();
    let first = f.accounts.recovery(&account.id, BY, noon()).await.unwrap();
    let link = f.accounts.recovery(&account.id, BY, noon()).await.unwrap();
    let new = "a quite different one";
    for (secret, at) in [(first.expose(), 1), (link.expose(), day), ("", 1)] {
        let refused = f.accounts.recover(secret, new, HERE, after(at)).await.unwrap_err();
        assert_eq!(refused.code(), "access.recovery.unknown");
    }
    let refused = f.accounts.recover(link.expose(), "short", HERE, after(1)).await.unwrap_err();
    assert_eq!(refused.code(), "access.password.short", "and the link is not used up");
    f.accounts.recover(link.expose(), new, HERE, after(day - 1)).await.unwrap();
    let again = f.accounts.recover(link.expose(), new, HERE, after(day - 1)).await.unwrap_err();
    assert_eq!(again.code(), "access.recovery.unknown");
    assert_eq!(f.accounts.session(session.secret.expose(), after(2)).await.unwrap(), None);
    f.accounts.sign_in("taro", new, HERE, after(day)).await.unwrap();
}

#[tokio::test]
async fn tokens_are_bound_to_their_account_reach_and_life() {
    let f = fixture().await;
    let (taro, hana) = (add(&f, "taro", &[]).await, add(&f, "hana", &[]).await);
    for (title, days, code) in [
        ("", 1, "access.token.title"),
        ("a\nb", 1, "access.token.title"),
        ("script", 0, "access.token.days"),
        ("script", TOKEN_DAYS_MAX + 1, "access.token.days"),
    ] {
        let refused = f.accounts.make_token(&taro.id, title, Reach::Read, days, noon()).await;
        assert_eq!(refused.unwrap_err().code(), code);
    }
    let token = f.accounts.make_token(&taro.id, " script ", Reach::Read, 1, noon()).await.unwrap();
    let bearer = f.accounts.bearer(token.expose(), after(1)).await.unwrap().unwrap();
    assert_eq!((bearer.account.id.as_str(), bearer.reach), (taro.id.as_str(), Reach::Read));
    let lines = f.accounts.tokens(&taro.id, after(2)).await.unwrap();
    assert_eq!((lines.len(), lines[0].title.as_str()), (1, "script"));
    assert_eq!(lines[0].used_at, Some(after(1)));
    // A token opens no session, and the cookie of a session is no token.
    assert_eq!(f.accounts.session(token.expose(), after(1)).await.unwrap(), None);
    let session = f.accounts.sign_in("taro", PASSWORD, HERE, noon()).await.unwrap();
    assert_eq!(f.accounts.bearer(session.secret.expose(), after(1)).await.unwrap(), None);
    assert_eq!(f.accounts.bearer(token.expose(), after(86_400)).await.unwrap(), None, "over");
    let refused = f.accounts.end_token(&hana.id, &lines[0].id, after(3)).await.unwrap_err();
    assert_eq!(refused.code(), "access.token.unknown");
    f.accounts.end_token(&taro.id, &lines[0].id, after(3)).await.unwrap();
    assert_eq!(f.accounts.bearer(token.expose(), after(4)).await.unwrap(), None);
}
