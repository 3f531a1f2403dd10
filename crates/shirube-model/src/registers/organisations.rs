//! Organisations, their roles, and membership of consortia and hubs.

use super::register;
use crate::ident::IdScheme;

register! {
    /// A body that takes part: ministry, institution, hospital, firm.
    Organisation = "organisation", "ORG", domain "control_tower", title "name";
    fields {
        /// Name.
        name: local_text required public;
        /// 法人番号.
        corporate_number: id(IdScheme::CorporateNumber) optional public;
        /// Kind of organisation.
        organisation_type: code("organisation_types") required public;
        /// Country of the head office.
        country: code("countries") required public;
        /// Country of the highest parent, where it differs.
        parent_country: code("countries") optional public;
        /// Prefecture of the head office.
        prefecture: code("prefectures") optional public;
        /// First day of existence.
        established_on: date optional public;
        /// Last day of existence.
        dissolved_on: date optional public;
        /// Bodies that came before.
        predecessors: reference("organisation") many public;
        /// Web site.
        website: url optional public;
    }
    states { "existing", "dissolved" }
    steps { "dissolve": ["existing"] => "dissolved" needs ["dissolved_on"]; }
}

register! {
    /// A role an organisation holds for a period, such as clinical research core hospital.
    OrganisationRole = "organisation_role", "ROL", domain "control_tower", title "organisation";
    fields {
        /// Organisation.
        organisation: reference("organisation") required public;
        /// Role.
        role: code("organisation_roles") required public;
        /// First day.
        valid_from: date required public;
        /// Last day, open when absent.
        valid_to: date optional public;
        /// Body that granted the role.
        granted_by: code("ministries") optional public;
    }
    states { "granted", "ended" }
    steps { "end": ["granted"] => "ended" needs ["valid_to"]; }
}

register! {
    /// A capability of a site: FIH facility built, dual-use equipment, and so on.
    SiteCapability = "site_capability", "CAP", domain "trial_operations", title "site_name";
    fields {
        /// Site as named in the measure.
        site_name: local_text required public;
        /// Organisation that runs the site.
        organisation: reference("organisation") required public;
        /// Capability.
        capability: code("site_capabilities") required public;
        /// Measure or programme it was built under.
        programme: reference("programme") optional public;
        /// Day it was adopted or contracted.
        decided_on: date optional public;
        /// First day in service.
        available_from: date optional public;
        /// Last day in service.
        available_to: date optional public;
        /// Prefecture.
        prefecture: code("prefectures") optional public;
    }
    states { "planned", "in_service", "closed" }
    steps {
        "open": ["planned"] => "in_service" needs ["available_from"];
        "close": ["in_service"] => "closed" needs ["available_to"];
    }
}

register! {
    /// Membership of an institution in a consortium around a hub.
    Membership = "consortium_membership", "MEM", domain "outbreak", title "organisation";
    fields {
        /// Member.
        organisation: reference("organisation") required public;
        /// Consortium.
        consortium: code("consortia") required public;
        /// First day.
        valid_from: date required public;
        /// Last day, open when absent.
        valid_to: date optional public;
    }
    states { "member", "left" }
    steps { "leave": ["member"] => "left" needs ["valid_to"]; }
}

register! {
    /// A hub or programme by which a firm commits to innovation in Japan.
    Commitment = "commitment", "HUB", domain "ecosystem", title "name";
    fields {
        /// Name of the hub or programme.
        name: local_text required public;
        /// Firm.
        firm: reference("organisation") required public;
        /// Whether the firm's highest parent is abroad.
        foreign_capital: bool required public;
        /// Hub or programme.
        commitment_type: code("commitment_types") required public;
        /// First day.
        valid_from: date required public;
        /// Last day, open when absent.
        valid_to: date optional public;
    }
    states { "active", "ended" }
    steps { "end": ["active"] => "ended" needs ["valid_to"]; }
}

register! {
    /// Certification of a body for a year, such as 健康経営優良法人.
    Certification = "certification", "CRT", domain "industry", title "holder_name";
    fields {
        /// Name of the certified body.
        holder_name: text required public;
        /// 法人番号 of the certified body.
        corporate_number: id(IdScheme::CorporateNumber) optional public;
        /// Scheme.
        scheme: code("certification_schemes") required public;
        /// Division, such as large or small and medium.
        division: code("certification_divisions") optional public;
        /// First day of validity.
        valid_from: date required public;
        /// Last day of validity.
        valid_to: date required public;
        /// Prefecture.
        prefecture: code("prefectures") optional public;
    }
    states { "certified", "revoked" }
    steps { "revoke": ["certified"] => "revoked"; }
}
