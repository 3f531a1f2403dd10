//! Signing in through an OpenID Connect identity provider: authorisation code
//! flow with PKCE, state and nonce.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use chrono::{DateTime, Utc};
use openidconnect::core::{
    CoreAuthDisplay, CoreAuthPrompt, CoreAuthenticationFlow, CoreErrorResponseType,
    CoreGenderClaim, CoreJsonWebKey, CoreJsonWebKeySet, CoreJweContentEncryptionAlgorithm,
    CoreJwsSigningAlgorithm, CoreProviderMetadata, CoreRevocableToken, CoreRevocationErrorResponse,
    CoreTokenIntrospectionResponse, CoreTokenType,
};
use openidconnect::{
    AdditionalClaims, AuthorizationCode, Client, ClientId, ClientSecret, CsrfToken,
    EmptyExtraTokenFields, EndpointMaybeSet, EndpointNotSet, EndpointSet, IdTokenFields,
    IdTokenVerifier, IssuerUrl, Nonce, PkceCodeChallenge, PkceCodeVerifier, RedirectUrl, Scope,
    StandardErrorResponse, StandardTokenResponse, TokenResponse as _,
};
use openidconnect::{ClaimsVerificationError, SignatureVerificationError};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use shirube_model::lang::LocalText;
use shirube_model::refusal::Refusal;
use tokio::sync::RwLock;

use crate::account::Accounts;
use crate::fault::{AccessError, Result};
use crate::identity::{Identity, Provision};
use crate::role::{ANY, Grant, Role};
use crate::secret::{hash, same};

/// Seconds between leaving for the provider and coming back.
const FLOW_SECONDS_MAX: i64 = 10 * 60;
/// Longest time for one answer of the provider.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(10);

/// A claim that gives a role.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClaimRole {
    /// Name of the claim, such as `groups`.
    pub claim: String,
    /// Value it must have or, being a list, hold.
    pub value: String,
    /// Role it gives.
    pub role: Role,
    /// Organisation of the role, or `*`.
    #[serde(default = "any")]
    pub organisation: String,
    /// Register of the role, or `*`.
    #[serde(default = "any")]
    pub register: String,
}

fn any() -> String {
    ANY.to_owned()
}

/// An identity provider, as the operator describes it in a TOML file.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProviderConfig {
    /// Issuer, an https address; http on this machine alone.
    pub issuer: String,
    /// Id the provider gave this service.
    pub client_id: String,
    /// Secret the provider gave this service.
    #[serde(default)]
    pub client_secret: Option<String>,
    /// Address of this service that the provider sends browsers back to.
    pub redirect: String,
    /// Name on the button, Japanese.
    pub label_ja: String,
    /// Name on the button, English.
    pub label_en: String,
    /// Scopes asked for beside `openid`.
    #[serde(default)]
    pub scopes: Vec<String>,
    /// Whether somebody unknown gets an account.
    #[serde(default)]
    pub make_accounts: bool,
    /// Claims that give roles.
    #[serde(default, rename = "role")]
    pub roles: Vec<ClaimRole>,
}

impl std::fmt::Debug for ProviderConfig {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "ProviderConfig({})", self.issuer)
    }
}

impl ProviderConfig {
    /// Reads the TOML text of a file.
    ///
    /// # Errors
    /// `access.oidc.config`, `access.oidc.plain-http`, `access.grant.*`.
    pub fn read(text: &str) -> std::result::Result<Self, Refusal> {
        let config: Self = toml::from_str(text).map_err(|error| {
            let line = error.span().map_or(1, |span| {
                let before = text.as_bytes().get(..span.start).unwrap_or_default();
                1 + before.iter().filter(|byte| **byte == b'\n').count() as u64
            });
            // The message alone: the text around it may hold the secret.
            Refusal::new("access.oidc.config").arg("detail", error.message()).line(line)
        })?;
        for address in [&config.issuer, &config.redirect] {
            if !is_safe(address) {
                return Err(Refusal::new("access.oidc.plain-http").arg("address", address));
            }
        }
        for rule in &config.roles {
            rule.grant().check()?;
        }
        Ok(config)
    }

    /// Name on the button.
    #[must_use]
    pub fn label(&self) -> LocalText {
        LocalText::new(self.label_ja.clone(), self.label_en.clone())
    }

    /// Roles that claims give.
    fn grants(&self, claims: &BTreeMap<String, Value>) -> BTreeSet<Grant> {
        let given = |rule: &&ClaimRole| match claims.get(&rule.claim) {
            Some(Value::String(text)) => *text == rule.value,
            Some(Value::Array(items)) => {
                items.iter().any(|item| item.as_str() == Some(rule.value.as_str()))
            }
            _ => false,
        };
        self.roles.iter().filter(given).map(ClaimRole::grant).collect()
    }
}

impl ClaimRole {
    fn grant(&self) -> Grant {
        Grant {
            role: self.role,
            organisation: self.organisation.clone(),
            register: self.register.clone(),
        }
    }
}

/// Whether an address is reached over TLS, or on this machine alone.
fn is_safe(address: &str) -> bool {
    let Some(rest) = address.strip_prefix("http://") else {
        return address.starts_with("https://");
    };
    let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
    // What stands before an `@` is no host.
    let host = host.rsplit_once(':').map_or(host, |(host, _)| host);
    !rest.contains('@') && matches!(host, "127.0.0.1" | "localhost" | "[::1]")
}

/// Claims beyond the standard ones.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Others {
    #[serde(flatten)]
    all: BTreeMap<String, Value>,
}
impl AdditionalClaims for Others {}

type Fields = IdTokenFields<
    Others,
    EmptyExtraTokenFields,
    CoreGenderClaim,
    CoreJweContentEncryptionAlgorithm,
    CoreJwsSigningAlgorithm,
>;
type TokenAnswer = StandardTokenResponse<Fields, CoreTokenType>;
type IdToken = openidconnect::IdToken<
    Others,
    CoreGenderClaim,
    CoreJweContentEncryptionAlgorithm,
    CoreJwsSigningAlgorithm,
>;
type Claims = openidconnect::IdTokenClaims<Others, CoreGenderClaim>;
type OidcClient = Client<
    Others,
    CoreAuthDisplay,
    CoreGenderClaim,
    CoreJweContentEncryptionAlgorithm,
    CoreJsonWebKey,
    CoreAuthPrompt,
    StandardErrorResponse<CoreErrorResponseType>,
    TokenAnswer,
    CoreTokenIntrospectionResponse,
    CoreRevocableToken,
    CoreRevocationErrorResponse,
    EndpointSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointMaybeSet,
    EndpointMaybeSet,
>;

/// Where to send the browser, and what it has to bring back.
#[derive(Debug, Clone)]
pub struct Begun {
    /// Address at the provider.
    pub address: String,
    /// Value of the cookie that ties the answer to this browser.
    pub state: String,
}

/// What a browser brings back from the provider.
#[derive(Debug, Clone, Copy)]
pub struct Returned<'a> {
    /// Parameter `state`.
    pub state: &'a str,
    /// Value of the cookie.
    pub cookie: &'a str,
    /// Parameter `code`; none where the provider refused.
    pub code: Option<&'a str>,
    /// Parameter `iss` (RFC 9207), where the provider sends it.
    pub issuer: Option<&'a str>,
}

/// An identity provider. What it says of itself is read when it is first needed,
/// and again when it signs with a key not seen yet.
pub struct Provider {
    config: ProviderConfig,
    http: reqwest::Client,
    metadata: RwLock<Option<CoreProviderMetadata>>,
}

impl std::fmt::Debug for Provider {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Provider({})", self.config.issuer)
    }
}

fn unreachable_provider(error: &dyn std::error::Error) -> AccessError {
    AccessError::fault("access.oidc.unreachable", chain(error))
}

fn refused(error: &dyn std::error::Error) -> AccessError {
    AccessError::fault("access.oidc.refused", chain(error))
}

/// An error with its causes, for the operator's log.
fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(inner) = cause {
        text = format!("{text}: {inner}");
        cause = inner.source();
    }
    text
}

impl Provider {
    /// A provider as configured; nothing is asked of it yet.
    ///
    /// # Errors
    /// `access.oidc.unreachable` when no HTTP client can be made.
    pub fn new(config: ProviderConfig) -> Result<Self> {
        let http = reqwest::Client::builder()
            // The provider's addresses are fixed by its discovery document; a
            // redirect would lead a secret to somewhere else.
            .redirect(reqwest::redirect::Policy::none())
            .timeout(ANSWER_TIMEOUT)
            .build()
            .map_err(|error| unreachable_provider(&error))?;
        Ok(Self { config, http, metadata: RwLock::new(None) })
    }

    /// How it is configured.
    #[must_use]
    pub fn config(&self) -> &ProviderConfig {
        &self.config
    }

    async fn metadata(&self) -> Result<CoreProviderMetadata> {
        if let Some(known) = self.metadata.read().await.as_ref() {
            return Ok(known.clone());
        }
        self.discover().await
    }

    /// Reads the discovery document and the keys. The issuer it names must be
    /// the one configured, to the letter.
    async fn discover(&self) -> Result<CoreProviderMetadata> {
        let issuer = IssuerUrl::new(self.config.issuer.clone())
            .map_err(|error| unreachable_provider(&error))?;
        let found = CoreProviderMetadata::discover_async(issuer, &self.http)
            .await
            .map_err(|error| unreachable_provider(&error))?;
        *self.metadata.write().await = Some(found.clone());
        Ok(found)
    }

    fn client(&self, metadata: CoreProviderMetadata) -> Result<OidcClient> {
        let redirect = RedirectUrl::new(self.config.redirect.clone())
            .map_err(|error| unreachable_provider(&error))?;
        let secret = self.config.client_secret.clone().map(ClientSecret::new);
        let id = ClientId::new(self.config.client_id.clone());
        Ok(OidcClient::from_provider_metadata(metadata, id, secret).set_redirect_uri(redirect))
    }

    /// Begins a sign-in; `next` is the page to show afterwards.
    ///
    /// # Errors
    /// `access.oidc.unreachable`, `access.oidc.too-many`.
    pub async fn begin(
        &self,
        accounts: &Accounts,
        next: &str,
        now: DateTime<Utc>,
    ) -> Result<Begun> {
        let client = self.client(self.metadata().await?)?;
        let (challenge, verifier) = PkceCodeChallenge::new_random_sha256();
        let scopes = self.config.scopes.iter().cloned().map(Scope::new);
        let (address, state, nonce) = client
            .authorize_url(
                CoreAuthenticationFlow::AuthorizationCode,
                CsrfToken::new_random,
                Nonce::new_random,
            )
            .add_scopes(scopes)
            .set_pkce_challenge(challenge)
            .url();
        let state = state.secret().clone();
        let kept = (nonce.secret().as_str(), verifier.secret().as_str(), next);
        let until = now.timestamp() + FLOW_SECONDS_MAX;
        accounts.keep_flow(&hash("flow", &state), kept, until, now).await?;
        Ok(Begun { address: address.into(), state })
    }

    /// Ends a sign-in: who came, and the page to show. Each `state` works once,
    /// in the browser that began with it.
    ///
    /// # Errors
    /// `access.oidc.state`, `access.oidc.denied`, `access.oidc.refused`,
    /// `access.oidc.token`, `access.oidc.unreachable`.
    pub async fn finish(
        &self,
        accounts: &Accounts,
        returned: Returned<'_>,
        now: DateTime<Utc>,
    ) -> Result<(Identity, String)> {
        if !same(returned.state, returned.cookie) {
            return AccessError::refused("access.oidc.state");
        }
        let kept = accounts.take_flow(&hash("flow", returned.state), now).await?;
        let Some((nonce, verifier, next)) = kept else {
            return AccessError::refused("access.oidc.state");
        };
        // An answer of another provider must not be exchanged here (RFC 9207).
        if returned.issuer.is_some_and(|issuer| issuer != self.config.issuer) {
            return AccessError::refused("access.oidc.token");
        }
        let Some(code) = returned.code else { return AccessError::refused("access.oidc.denied") };
        let token = self.exchange(code, verifier).await?;
        let claims = self.verify(&token, &Nonce::new(nonce)).await?;
        Ok((self.identity(&claims), next))
    }

    /// Whether somebody unknown gets an account.
    #[must_use]
    pub fn provision(&self) -> Provision {
        if self.config.make_accounts { Provision::Make } else { Provision::LinkedOnly }
    }

    async fn exchange(&self, code: &str, verifier: String) -> Result<IdToken> {
        let client = self.client(self.metadata().await?)?;
        let answer = client
            .exchange_code(AuthorizationCode::new(code.to_owned()))
            .map_err(|error| refused(&error))?
            .set_pkce_verifier(PkceCodeVerifier::new(verifier))
            .request_async(&self.http)
            .await
            .map_err(|error| refused(&error))?;
        answer
            .id_token()
            .cloned()
            .ok_or_else(|| AccessError::fault("access.oidc.token", "the answer holds no id token"))
    }

    /// Checks signature, issuer, audience, times and nonce. A key not seen yet
    /// makes the keys be read once more.
    async fn verify(&self, token: &IdToken, nonce: &Nonce) -> Result<Claims> {
        let known = self.metadata().await?;
        let first = self.claims(token, nonce, known.jwks(), &known);
        if !matches!(
            first,
            Err(ClaimsVerificationError::SignatureVerification(
                SignatureVerificationError::NoMatchingKey
            ))
        ) {
            return first.map_err(|error| AccessError::fault("access.oidc.token", chain(&error)));
        }
        let fresh = self.discover().await?;
        self.claims(token, nonce, fresh.jwks(), &fresh)
            .map_err(|error| AccessError::fault("access.oidc.token", chain(&error)))
    }

    fn claims(
        &self,
        token: &IdToken,
        nonce: &Nonce,
        keys: &CoreJsonWebKeySet,
        metadata: &CoreProviderMetadata,
    ) -> std::result::Result<Claims, ClaimsVerificationError> {
        let client_id = ClientId::new(self.config.client_id.clone());
        // As for a client without a secret: only signatures by a published key
        // count, never one made with the secret that both sides know.
        let verifier: IdTokenVerifier<'_, CoreJsonWebKey> =
            IdTokenVerifier::new_public_client(client_id, metadata.issuer().clone(), keys.clone())
                .set_allowed_algs(ALGORITHMS.to_vec());
        token.claims(&verifier, nonce).cloned()
    }

    fn identity(&self, claims: &Claims) -> Identity {
        let text = |value: Option<&str>| value.map(str::to_owned);
        let display = claims.name().and_then(|name| name.get(None)).map(|name| name.as_str());
        Identity {
            issuer: claims.issuer().as_str().to_owned(),
            subject: claims.subject().as_str().to_owned(),
            name: text(claims.preferred_username().map(|name| name.as_str())),
            display: text(display),
            email: text(claims.email().map(|email| email.as_str())),
            grants: self.config.grants(&claims.additional_claims().all),
        }
    }
}

/// Signature algorithms accepted: public keys only.
const ALGORITHMS: [CoreJwsSigningAlgorithm; 9] = [
    CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha256,
    CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha384,
    CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha512,
    CoreJwsSigningAlgorithm::RsaSsaPssSha256,
    CoreJwsSigningAlgorithm::RsaSsaPssSha384,
    CoreJwsSigningAlgorithm::RsaSsaPssSha512,
    CoreJwsSigningAlgorithm::EcdsaP256Sha256,
    CoreJwsSigningAlgorithm::EcdsaP384Sha384,
    CoreJwsSigningAlgorithm::EdDsa,
];

#[cfg(test)]
mod tests {
    use super::*;
    use openidconnect::core::CoreEdDsaPrivateSigningKey;

    const FILE: &str = r#"
issuer = "https://id.example.jp"
client_id = "shirube"
client_secret = "hidden away"
redirect = "https://shirube.example.jp/sign-in/callback"
label_ja = "共通認証"
label_en = "Common sign-in"
scopes = ["profile"]
make_accounts = true

[[role]]
claim = "groups"
value = "shirube-lead"
role = "lead"
organisation = "厚"
"#;

    #[test]
    fn a_file_is_read_and_its_secret_not_shown() {
        let config = ProviderConfig::read(FILE).unwrap();
        assert!(!format!("{config:?}").contains("hidden"));
        let claims = |value: Value| BTreeMap::from([("groups".to_owned(), value)]);
        let lead = BTreeSet::from([Grant::at(Role::Lead, "厚")]);
        let cases = [
            (serde_json::json!(["x", "shirube-lead"]), lead.clone()),
            (serde_json::json!("shirube-lead"), lead),
            (serde_json::json!(["shirube-leader", "SHIRUBE-LEAD"]), BTreeSet::new()),
            (serde_json::json!({ "shirube-lead": true }), BTreeSet::new()),
            (serde_json::json!([["shirube-lead"]]), BTreeSet::new()),
            (Value::Null, BTreeSet::new()),
        ];
        for (value, grants) in cases {
            assert_eq!(config.grants(&claims(value.clone())), grants, "{value}");
        }
        assert_eq!(config.grants(&BTreeMap::new()), BTreeSet::new());
    }

    #[test]
    fn a_bad_file_is_refused_at_its_line_without_its_secret() {
        let cases = [
            (FILE.replace("client_id", "clientid"), "access.oidc.config"),
            (FILE.replace("\"lead\"", "\"king\""), "access.oidc.config"),
            (FILE.replace("hidden away\"", "hidden away"), "access.oidc.config"),
            (FILE.replace("https://id", "http://id"), "access.oidc.plain-http"),
            (FILE.replace("https://shirube", "http://shirube"), "access.oidc.plain-http"),
            (FILE.replace("\"厚\"", "\"a/b\""), "access.grant.unreadable"),
            (String::new(), "access.oidc.config"),
        ];
        for (text, code) in cases {
            let refusal = ProviderConfig::read(&text).unwrap_err();
            assert_eq!(refusal.code, code, "{text}");
            assert!(!refusal.to_string().contains("hidden"), "{refusal}");
        }
    }

    /// The private key of RFC 8410, section 10.3.
    const KEY: &str = "-----BEGIN PRIVATE KEY-----\n\
        MC4CAQAwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVhC\n\
        -----END PRIVATE KEY-----\n";

    /// A token as the provider would sign it.
    fn token(issuer: &str, audience: &[&str], nonce: &str, minutes: i64, key_id: &str) -> IdToken {
        use openidconnect::{Audience, JsonWebKeyId, StandardClaims, SubjectIdentifier};
        let key_id = Some(JsonWebKeyId::new(key_id.to_owned()));
        let key = CoreEdDsaPrivateSigningKey::from_ed25519_pem(KEY, key_id).unwrap();
        let audience = audience.iter().map(|name| Audience::new((*name).to_owned())).collect();
        let claims = Claims::new(
            IssuerUrl::new(issuer.to_owned()).unwrap(),
            audience,
            Utc::now() + chrono::TimeDelta::minutes(minutes),
            Utc::now(),
            StandardClaims::new(SubjectIdentifier::new("subject".to_owned())),
            Others { all: BTreeMap::new() },
        )
        .set_nonce(Some(Nonce::new(nonce.to_owned())));
        IdToken::new(claims, &key, CoreJwsSigningAlgorithm::EdDsa, None, None).unwrap()
    }

    #[test]
    fn only_a_token_for_this_service_and_this_sign_in_counts() {
        use openidconnect::PrivateSigningKey;
        let issuer = "https://id.example.jp";
        let provider = Provider::new(ProviderConfig::read(FILE).unwrap()).unwrap();
        let metadata: CoreProviderMetadata = serde_json::from_value(serde_json::json!({
            "issuer": issuer, "authorization_endpoint": format!("{issuer}/auth"),
            "token_endpoint": format!("{issuer}/token"), "jwks_uri": format!("{issuer}/jwks"),
            "response_types_supported": ["code"], "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["EdDSA", "HS256", "none"],
        }))
        .unwrap();
        let key_id = Some(openidconnect::JsonWebKeyId::new("one".to_owned()));
        let key = CoreEdDsaPrivateSigningKey::from_ed25519_pem(KEY, key_id).unwrap();
        let keys = CoreJsonWebKeySet::new(vec![key.as_verification_key()]);
        let nonce = Nonce::new("nonce".to_owned());
        let check = |token: &IdToken| provider.claims(token, &nonce, &keys, &metadata);
        let good = token(issuer, &["shirube"], "nonce", 5, "one");
        assert_eq!(check(&good).unwrap().subject().as_str(), "subject");
        let bad = [
            ("issuer", token("https://id.example.jp.evil", &["shirube"], "nonce", 5, "one")),
            ("audience", token(issuer, &["another"], "nonce", 5, "one")),
            ("no audience", token(issuer, &[], "nonce", 5, "one")),
            ("two audiences", token(issuer, &["shirube", "another"], "nonce", 5, "one")),
            ("nonce", token(issuer, &["shirube"], "another", 5, "one")),
            ("time", token(issuer, &["shirube"], "nonce", -5, "one")),
            ("key", token(issuer, &["shirube"], "nonce", 5, "two")),
        ];
        for (what, token) in &bad {
            assert!(check(token).is_err(), "{what}");
        }
        // The same claims without a signature, with another one, and signed with
        // the secret that both sides know.
        let text = good.to_string();
        let (signed, signature) = text.rsplit_once('.').unwrap();
        let (_, payload) = signed.split_once('.').unwrap();
        let none = format!("eyJhbGciOiJub25lIn0.{payload}.");
        let turned = format!("{signed}.{}", signature.chars().rev().collect::<String>());
        for forged in [none, turned] {
            if let Ok(token) = forged.parse::<IdToken>() {
                assert!(check(&token).is_err(), "{forged}");
            }
        }
        let shared = openidconnect::core::CoreHmacKey::new("hidden away");
        let claims = check(&good).unwrap();
        let algorithm = CoreJwsSigningAlgorithm::HmacSha256;
        let hmac = IdToken::new(claims, &shared, algorithm, None, None).unwrap();
        assert!(check(&hmac).is_err(), "signed with the client's secret");
    }

    #[test]
    fn plain_http_is_for_this_machine_alone() {
        for safe in
            ["https://a.example", "http://127.0.0.1:8/", "http://localhost", "http://[::1]:9"]
        {
            assert!(is_safe(safe), "{safe}");
        }
        for unsafe_one in [
            "http://a.example",
            "http://127.0.0.1.example/",
            "ftp://localhost",
            "",
            "http://localhost:1@evil.example",
        ] {
            assert!(!is_safe(unsafe_one), "{unsafe_one}");
        }
    }
}
