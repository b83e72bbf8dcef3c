// Generated from openapi/press.yaml; do not edit, run `cargo xtask codegen`.
// Generator: progenitor 0.15.1

/// The SHA-256 digest of the press.yaml from which this code was generated.
pub const CONTRACT_SHA256: &str = "6d6f49ef8ebf25fe5262478b0160ec0818272f5b684e7bf41376c581a631f479";
#[allow(unused_imports)]
use progenitor_client::{encode_path, ClientHooks, OperationInfo, RequestBuilderExt};
/// Types used as operation parameters and responses.
#[allow(clippy::all)]
pub mod types {
    /// Name, title, status and other details of a deployment.
    #[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
    #[non_exhaustive]
    #[derive(Clone, Debug, PartialEq, Default)]
    pub struct DeploymentMetadata {
        /// Creation time of the deployment.
        #[cfg_attr(feature = "schemars", schemars(rename = "createdAt"))]
        pub created_at: ::std::option::Option<crate::timestamp::Timestamp>,
        /// Creator of the deployment, such as `jane.smith@peak.ai`.
        #[cfg_attr(feature = "schemars", schemars(rename = "createdBy"))]
        pub created_by: ::std::option::Option<::std::string::String>,
        /// Description of the deployment.
        pub description: ::std::option::Option<::std::string::String>,
        /// Media type of the description, such as `text/markdown`.
        #[cfg_attr(feature = "schemars", schemars(rename = "descriptionContentType"))]
        pub description_content_type: ::std::option::Option<::std::string::String>,
        /// URL of an image of the deployment.
        #[cfg_attr(feature = "schemars", schemars(rename = "imageUrl"))]
        pub image_url: ::std::option::Option<::std::string::String>,
        /// Name of the deployment.
        pub name: ::std::option::Option<::std::string::String>,
        /// Status of the deployment.
        pub status: ::std::option::Option<
            crate::generated::enumerations::DeploymentStatus,
        >,
        /// Summary of the deployment.
        pub summary: ::std::option::Option<::std::string::String>,
        /// Tags of the deployment.
        pub tags: ::std::option::Option<::std::vec::Vec<Tag>>,
        /// Title of the deployment.
        pub title: ::std::option::Option<::std::string::String>,
        /// Each field that the contract does not name.
        #[cfg_attr(feature = "schemars", schemars(flatten))]
        pub extra: ::serde_json::Map<::std::string::String, ::serde_json::Value>,
    }
    /// One page of deployments.
    #[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
    #[non_exhaustive]
    #[derive(Clone, Debug, PartialEq, Default)]
    pub struct DeploymentPage {
        /// Total number of deployments on all pages.
        #[cfg_attr(feature = "schemars", schemars(rename = "deploymentCount"))]
        pub deployment_count: ::std::option::Option<u64>,
        /// Deployments on this page.
        pub deployments: ::std::vec::Vec<DeploymentSummary>,
        /// Total number of pages.
        #[cfg_attr(feature = "schemars", schemars(rename = "pageCount"))]
        pub page_count: u64,
        /// Number of this page, starting at 1.
        #[cfg_attr(feature = "schemars", schemars(rename = "pageNumber"))]
        pub page_number: ::std::option::Option<u64>,
        /// Number of deployments per page.
        #[cfg_attr(feature = "schemars", schemars(rename = "pageSize"))]
        pub page_size: ::std::option::Option<u64>,
        /// Each field that the contract does not name.
        #[cfg_attr(feature = "schemars", schemars(flatten))]
        pub extra: ::serde_json::Map<::std::string::String, ::serde_json::Value>,
    }
    /// The release behind a deployment.
    #[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
    #[non_exhaustive]
    #[derive(Clone, Debug, PartialEq, Default)]
    pub struct DeploymentRelease {
        /// Semantic version of the release.
        pub version: ::std::option::Option<::std::string::String>,
        /// Each field that the contract does not name.
        #[cfg_attr(feature = "schemars", schemars(flatten))]
        pub extra: ::serde_json::Map<::std::string::String, ::serde_json::Value>,
    }
    /// A revision of a deployment.
    #[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
    #[non_exhaustive]
    #[derive(Clone, Debug, PartialEq, Default)]
    pub struct DeploymentRevision {
        /// Creation time of the revision.
        #[cfg_attr(feature = "schemars", schemars(rename = "createdAt"))]
        pub created_at: ::std::option::Option<crate::timestamp::Timestamp>,
        /// Creator of the revision, such as `jane.smith@peak.ai`.
        #[cfg_attr(feature = "schemars", schemars(rename = "createdBy"))]
        pub created_by: ::std::option::Option<::std::string::String>,
        /// ID of the revision.
        pub id: ::std::option::Option<::std::string::String>,
        /// Notes on the revision.
        pub notes: ::std::option::Option<::std::string::String>,
        /// Number of the revision.
        pub revision: ::std::option::Option<u64>,
        /// Status of the revision.
        pub status: ::std::option::Option<
            crate::generated::enumerations::DeploymentStatus,
        >,
        /// Each field that the contract does not name.
        #[cfg_attr(feature = "schemars", schemars(flatten))]
        pub extra: ::serde_json::Map<::std::string::String, ::serde_json::Value>,
    }
    /// The spec and release behind a deployment.
    #[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
    #[non_exhaustive]
    #[derive(Clone, Debug, PartialEq, Default)]
    pub struct DeploymentSpec {
        /// ID of the spec, usually a UUID.
        pub id: ::std::option::Option<::std::string::String>,
        /// Deployed release.
        pub release: ::std::option::Option<DeploymentRelease>,
        /// Each field that the contract does not name.
        #[cfg_attr(feature = "schemars", schemars(flatten))]
        pub extra: ::serde_json::Map<::std::string::String, ::serde_json::Value>,
    }
    /// A deployment of a release of an App or Block spec.
    #[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
    #[non_exhaustive]
    #[derive(Clone, Debug, PartialEq, Default)]
    pub struct DeploymentSummary {
        /// ID of the deployment.
        pub id: ::std::string::String,
        /// Kind of the deployed spec.
        pub kind: ::std::option::Option<crate::generated::enumerations::SpecKind>,
        /// Latest revision of the deployment.
        #[cfg_attr(feature = "schemars", schemars(rename = "latestRevision"))]
        pub latest_revision: ::std::option::Option<DeploymentRevision>,
        /// Name, title, status and other details of the deployment.
        pub metadata: ::std::option::Option<DeploymentMetadata>,
        /// Deployed spec and release.
        pub spec: ::std::option::Option<DeploymentSpec>,
        /// Each field that the contract does not name.
        #[cfg_attr(feature = "schemars", schemars(flatten))]
        pub extra: ::serde_json::Map<::std::string::String, ::serde_json::Value>,
    }
    /// Name, title, status and other details of a spec.
    #[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
    #[non_exhaustive]
    #[derive(Clone, Debug, PartialEq, Default)]
    pub struct SpecMetadata {
        /// Creation time of the spec.
        #[cfg_attr(feature = "schemars", schemars(rename = "createdAt"))]
        pub created_at: ::std::option::Option<crate::timestamp::Timestamp>,
        /// Creator of the spec, such as `jane.smith@peak.ai`.
        #[cfg_attr(feature = "schemars", schemars(rename = "createdBy"))]
        pub created_by: ::std::option::Option<::std::string::String>,
        /// Description of the spec.
        pub description: ::std::option::Option<::std::string::String>,
        /// Media type of the description, such as `text/markdown`.
        #[cfg_attr(feature = "schemars", schemars(rename = "descriptionContentType"))]
        pub description_content_type: ::std::option::Option<::std::string::String>,
        /// URL of an image of the spec.
        #[cfg_attr(feature = "schemars", schemars(rename = "imageUrl"))]
        pub image_url: ::std::option::Option<::std::string::String>,
        /// Name of the spec.
        pub name: ::std::option::Option<::std::string::String>,
        /// Availability of the spec.
        pub status: ::std::option::Option<crate::generated::enumerations::SpecStatus>,
        /// Summary of the spec.
        pub summary: ::std::option::Option<::std::string::String>,
        /// Tags of the spec.
        pub tags: ::std::option::Option<::std::vec::Vec<Tag>>,
        /// Title of the spec.
        pub title: ::std::option::Option<::std::string::String>,
        /// Each field that the contract does not name.
        #[cfg_attr(feature = "schemars", schemars(flatten))]
        pub extra: ::serde_json::Map<::std::string::String, ::serde_json::Value>,
    }
    /// One page of specs.
    #[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
    #[non_exhaustive]
    #[derive(Clone, Debug, PartialEq, Default)]
    pub struct SpecPage {
        /// Total number of pages.
        #[cfg_attr(feature = "schemars", schemars(rename = "pageCount"))]
        pub page_count: u64,
        /// Number of this page, starting at 1.
        #[cfg_attr(feature = "schemars", schemars(rename = "pageNumber"))]
        pub page_number: ::std::option::Option<u64>,
        /// Number of specs per page.
        #[cfg_attr(feature = "schemars", schemars(rename = "pageSize"))]
        pub page_size: ::std::option::Option<u64>,
        /// Total number of specs on all pages.
        #[cfg_attr(feature = "schemars", schemars(rename = "specCount"))]
        pub spec_count: ::std::option::Option<u64>,
        /// Specs on this page.
        pub specs: ::std::vec::Vec<SpecSummary>,
        /// Each field that the contract does not name.
        #[cfg_attr(feature = "schemars", schemars(flatten))]
        pub extra: ::serde_json::Map<::std::string::String, ::serde_json::Value>,
    }
    /// A release of a spec.
    #[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
    #[non_exhaustive]
    #[derive(Clone, Debug, PartialEq, Default)]
    pub struct SpecRelease {
        /// Creation time of the release.
        #[cfg_attr(feature = "schemars", schemars(rename = "createdAt"))]
        pub created_at: ::std::option::Option<crate::timestamp::Timestamp>,
        /// Creator of the release, such as `jane.smith@peak.ai`.
        #[cfg_attr(feature = "schemars", schemars(rename = "createdBy"))]
        pub created_by: ::std::option::Option<::std::string::String>,
        /// ID of the release.
        pub id: ::std::option::Option<::std::string::String>,
        /// Release notes.
        pub notes: ::std::option::Option<::std::string::String>,
        /// Semantic version of the release.
        pub version: ::std::option::Option<::std::string::String>,
        /// Each field that the contract does not name.
        #[cfg_attr(feature = "schemars", schemars(flatten))]
        pub extra: ::serde_json::Map<::std::string::String, ::serde_json::Value>,
    }
    /// A published App or Block spec with its latest release.
    #[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
    #[non_exhaustive]
    #[derive(Clone, Debug, PartialEq, Default)]
    pub struct SpecSummary {
        /// If `true`, the spec is featured.
        pub featured: ::std::option::Option<bool>,
        /// ID of the spec, usually a UUID.
        pub id: ::std::string::String,
        /// Kind of the spec.
        pub kind: ::std::option::Option<crate::generated::enumerations::SpecKind>,
        /// Latest release of the spec.
        #[cfg_attr(feature = "schemars", schemars(rename = "latestRelease"))]
        pub latest_release: ::std::option::Option<SpecRelease>,
        /// Name, title, status and other details of the spec.
        pub metadata: ::std::option::Option<SpecMetadata>,
        /// Visibility of the spec.
        pub scope: ::std::option::Option<crate::generated::enumerations::SpecScope>,
        /// Each field that the contract does not name.
        #[cfg_attr(feature = "schemars", schemars(flatten))]
        pub extra: ::serde_json::Map<::std::string::String, ::serde_json::Value>,
    }
    /// A tag of a spec or a deployment.
    #[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
    #[non_exhaustive]
    #[derive(Clone, Debug, PartialEq, Default)]
    pub struct Tag {
        /// Name of the tag.
        pub name: ::std::option::Option<::std::string::String>,
        /// Each field that the contract does not name.
        #[cfg_attr(feature = "schemars", schemars(flatten))]
        pub extra: ::serde_json::Map<::std::string::String, ::serde_json::Value>,
    }
}
#[derive(Clone, Debug)]
/**Client for Press Specs API

Read access to the App and Block *specs* published on the Peak platform, and to the *deployments*
of their releases.

This document is written from the public reference of the Python client. "Assumed" marks what that
reference doesn't state.

Version: v1*/
pub struct Client {
    pub(crate) baseurl: String,
    pub(crate) client: reqwest::Client,
    pub(crate) inner: crate::attempt::Attempt,
}
impl Client {
    /// Construct a new client with an existing `reqwest::Client`,
    /// allowing more control over its configuration.
    ///
    /// `baseurl` is the base URL provided to the internal
    /// `reqwest::Client`, and should include a scheme and hostname,
    /// as well as port and a path stem if applicable.
    pub fn new_with_client(
        baseurl: &str,
        client: reqwest::Client,
        inner: crate::attempt::Attempt,
    ) -> Self {
        Self {
            baseurl: baseurl.to_string(),
            client,
            inner,
        }
    }
}
#[allow(clippy::all)]
impl Client {
    /**List the published App and Block specs

Returns all published App and Block specs, ordered by creation date, each with its latest
release.

Sends a `GET` request to `/v1/specs/`

Arguments:
- `featured`: Limits the list to featured specs. Only `true` is documented; `false` is assumed to select the
specs that aren't featured.
- `kind`: Limits the list to specs of this kind.
- `page_number`: Number of the page to return. Defaults to 1.
- `page_size`: Number of items per page. Defaults to 25.
- `scope`: Limits the list to specs with one of these scopes. An empty list means no filter.
- `sort`: Sort keys, the most significant first.
- `status`: Limits the list to specs with one of these statuses. An empty list means no filter.
- `term`: Limits the list to specs that contain this term in their name, title, description or summary.
*/
    pub async fn list_specs<'a>(
        &'a self,
        featured: Option<bool>,
        kind: Option<&'a crate::generated::enumerations::SpecKind>,
        page_number: Option<u64>,
        page_size: Option<u64>,
        scope: Option<&'a ::std::vec::Vec<crate::generated::enumerations::SpecScope>>,
        sort: Option<&'a ::std::vec::Vec<crate::generated::enumerations::SpecSort>>,
        status: Option<&'a ::std::vec::Vec<crate::generated::enumerations::SpecStatus>>,
        term: Option<&'a str>,
    ) -> Result<crate::response::Response<types::SpecPage>, crate::response::Failure> {
        let url = format!("{}/v1/specs/", self.baseurl,);
        let request = self
            .client
            .get(url)
            .header(
                ::reqwest::header::ACCEPT,
                ::reqwest::header::HeaderValue::from_static("application/json"),
            )
            .query(&progenitor_client::QueryParam::new("featured", &featured))
            .query(&progenitor_client::QueryParam::new("kind", &kind))
            .query(&progenitor_client::QueryParam::new("pageNumber", &page_number))
            .query(&progenitor_client::QueryParam::new("pageSize", &page_size))
            .query(&progenitor_client::QueryParam::new("scope", &scope))
            .query(&progenitor_client::QueryParam::new("sort", &sort))
            .query(&progenitor_client::QueryParam::new("status", &status))
            .query(&progenitor_client::QueryParam::new("term", &term))
            .build()?;
        crate::exchange::json(&self.client, &self.inner, request).await
    }
    /**List the deployments of a spec's releases

Returns the deployments of the releases of an App or Block spec, newest first.

Sends a `GET` request to `/v1/specs/{specId}/releases/deployments`

Arguments:
- `spec_id`: ID of the spec.
- `name`: Limits the list to deployments with a matching name. It is assumed that the name must begin with
this text.
- `page_number`: Number of the page to return. Defaults to 1.
- `page_size`: Number of items per page. Defaults to 25.
- `sort`: Sort keys, the most significant first.
- `status`: Limits the list to deployments with one of these statuses. An empty list means no filter.
- `title`: Limits the list to deployments with a matching title. It is assumed that the title must begin with
this text.
- `version`: Limits the list to deployments of the release with this semantic version. If absent, the list
covers all releases.
*/
    pub async fn list_spec_release_deployments<'a>(
        &'a self,
        spec_id: &'a str,
        name: Option<&'a str>,
        page_number: Option<u64>,
        page_size: Option<u64>,
        sort: Option<
            &'a ::std::vec::Vec<crate::generated::enumerations::DeploymentSort>,
        >,
        status: Option<
            &'a ::std::vec::Vec<crate::generated::enumerations::DeploymentStatus>,
        >,
        title: Option<&'a str>,
        version: Option<&'a str>,
    ) -> Result<
        crate::response::Response<types::DeploymentPage>,
        crate::response::Failure,
    > {
        let url = format!(
            "{}/v1/specs/{}/releases/deployments", self.baseurl, encode_path(& spec_id
            .to_string()),
        );
        let request = self
            .client
            .get(url)
            .header(
                ::reqwest::header::ACCEPT,
                ::reqwest::header::HeaderValue::from_static("application/json"),
            )
            .query(&progenitor_client::QueryParam::new("name", &name))
            .query(&progenitor_client::QueryParam::new("pageNumber", &page_number))
            .query(&progenitor_client::QueryParam::new("pageSize", &page_size))
            .query(&progenitor_client::QueryParam::new("sort", &sort))
            .query(&progenitor_client::QueryParam::new("status", &status))
            .query(&progenitor_client::QueryParam::new("title", &title))
            .query(&progenitor_client::QueryParam::new("version", &version))
            .build()?;
        crate::exchange::json(&self.client, &self.inner, request).await
    }
}
mod objects {
    crate::object::object! {
        DeploymentMetadata { "createdAt" => created_at, "createdBy" => created_by,
        "description" => description, "descriptionContentType" =>
        description_content_type, "imageUrl" => image_url, "name" => name, "status" =>
        status, "summary" => summary, "tags" => tags, "title" => title, }
    }
    crate::object::object! {
        DeploymentPage { "deploymentCount" => deployment_count, "deployments" =>
        deployments required, "pageCount" => page_count required, "pageNumber" =>
        page_number, "pageSize" => page_size, }
    }
    crate::object::object! {
        DeploymentRelease { "version" => version, }
    }
    crate::object::object! {
        DeploymentRevision { "createdAt" => created_at, "createdBy" => created_by, "id"
        => id, "notes" => notes, "revision" => revision, "status" => status, }
    }
    crate::object::object! {
        DeploymentSpec { "id" => id, "release" => release, }
    }
    crate::object::object! {
        DeploymentSummary { "id" => id required, "kind" => kind, "latestRevision" =>
        latest_revision, "metadata" => metadata, "spec" => spec, }
    }
    crate::object::object! {
        SpecMetadata { "createdAt" => created_at, "createdBy" => created_by,
        "description" => description, "descriptionContentType" =>
        description_content_type, "imageUrl" => image_url, "name" => name, "status" =>
        status, "summary" => summary, "tags" => tags, "title" => title, }
    }
    crate::object::object! {
        SpecPage { "pageCount" => page_count required, "pageNumber" => page_number,
        "pageSize" => page_size, "specCount" => spec_count, "specs" => specs required, }
    }
    crate::object::object! {
        SpecRelease { "createdAt" => created_at, "createdBy" => created_by, "id" => id,
        "notes" => notes, "version" => version, }
    }
    crate::object::object! {
        SpecSummary { "featured" => featured, "id" => id required, "kind" => kind,
        "latestRelease" => latest_release, "metadata" => metadata, "scope" => scope, }
    }
    crate::object::object! {
        Tag { "name" => name, }
    }
}
/// The enumerations of the contract, each open for values that it does not name.
pub mod enumerations {
    crate::open_enum::open_enumeration! {
        #[doc = "A sort key for deployments, written as `<field>:<order>`."]
        DeploymentSort { #[doc = "`createdAt:asc`: By creation time, oldest first."]
        CreatedAtAsc = "createdAt:asc", #[doc =
        "`createdAt:desc`: By creation time, newest first."] CreatedAtDesc =
        "createdAt:desc", #[doc = "`createdBy:asc`: By creator, ascending."] CreatedByAsc
        = "createdBy:asc", #[doc = "`createdBy:desc`: By creator, descending."]
        CreatedByDesc = "createdBy:desc", #[doc = "`name:asc`: By name, ascending."]
        NameAsc = "name:asc", #[doc = "`name:desc`: By name, descending."] NameDesc =
        "name:desc", }
    }
    crate::open_enum::open_enumeration! {
        #[doc =
        "The status of a deployment or of one of its revisions. The meanings of the values are assumed from\ntheir names."]
        DeploymentStatus { #[doc = "`deleting`: The deployment is being deleted."]
        Deleting = "deleting", #[doc = "`delete_failed`: The deletion failed."]
        DeleteFailed = "delete_failed", #[doc =
        "`deployed`: The deployment is deployed."] Deployed = "deployed", #[doc =
        "`deploying`: The deployment is being deployed."] Deploying = "deploying", #[doc
        = "`failed`: The deployment failed."] Failed = "failed", #[doc =
        "`platform_resource_error`: A platform resource reports an error."]
        PlatformResourceError = "platform_resource_error", #[doc =
        "`redeploying`: The deployment is being deployed again."] Redeploying =
        "redeploying", #[doc = "`rollback`: The deployment is being rolled back."]
        Rollback = "rollback", #[doc = "`rollback_complete`: The rollback is complete."]
        RollbackComplete = "rollback_complete", #[doc =
        "`rollback_failed`: The rollback failed."] RollbackFailed = "rollback_failed",
        #[doc = "`warning`: The deployment has a warning."] Warning = "warning", }
    }
    crate::open_enum::open_enumeration! {
        #[doc = "The kind of a spec."] SpecKind { #[doc = "`app`: An App."] App = "app",
        #[doc = "`workflow`: A workflow."] Workflow = "workflow", #[doc =
        "`service`: A service."] Service = "service", }
    }
    crate::open_enum::open_enumeration! {
        #[doc =
        "The visibility of a spec. The meanings of the values are assumed from their names."]
        SpecScope { #[doc = "`private`: A private spec."] Private = "private", #[doc =
        "`public`: A public spec."] Public = "public", #[doc =
        "`shared`: A shared spec."] Shared = "shared", }
    }
    crate::open_enum::open_enumeration! {
        #[doc = "A sort key for specs, written as `<field>:<order>`."] SpecSort { #[doc =
        "`createdAt:asc`: By creation time, oldest first."] CreatedAtAsc =
        "createdAt:asc", #[doc = "`createdAt:desc`: By creation time, newest first."]
        CreatedAtDesc = "createdAt:desc", #[doc =
        "`createdBy:asc`: By creator, ascending."] CreatedByAsc = "createdBy:asc", #[doc
        = "`createdBy:desc`: By creator, descending."] CreatedByDesc = "createdBy:desc",
        #[doc = "`name:asc`: By name, ascending."] NameAsc = "name:asc", #[doc =
        "`name:desc`: By name, descending."] NameDesc = "name:desc", #[doc =
        "`title:asc`: By title, ascending."] TitleAsc = "title:asc", #[doc =
        "`title:desc`: By title, descending."] TitleDesc = "title:desc", }
    }
    crate::open_enum::open_enumeration! {
        #[doc =
        "The availability of a spec. The meanings of the values are assumed from their names."]
        SpecStatus { #[doc = "`available`: The spec is available."] Available =
        "available", #[doc = "`unavailable`: The spec is unavailable."] Unavailable =
        "unavailable", #[doc = "`archived`: The spec is archived."] Archived =
        "archived", }
    }
}
/// The operations of the API, each with its parameters.
pub mod operations {
    /// The parameters of `GET /v1/specs/`: List the published App and Block specs.
    #[derive(Clone, Debug, Default, PartialEq)]
    #[non_exhaustive]
    pub struct ListSpecs {
        /**Limits the list to featured specs. Only `true` is documented; `false` is assumed to select the
specs that aren't featured.*/
        pub featured: Option<bool>,
        /// Limits the list to specs of this kind.
        pub kind: Option<crate::generated::enumerations::SpecKind>,
        /// Number of the page to return. Defaults to 1.
        pub page_number: Option<u64>,
        /// Number of items per page. Defaults to 25.
        pub page_size: Option<u64>,
        /// Limits the list to specs with one of these scopes. An empty list means no filter.
        pub scope: ::std::vec::Vec<crate::generated::enumerations::SpecScope>,
        /// Sort keys, the most significant first.
        pub sort: ::std::vec::Vec<crate::generated::enumerations::SpecSort>,
        /// Limits the list to specs with one of these statuses. An empty list means no filter.
        pub status: ::std::vec::Vec<crate::generated::enumerations::SpecStatus>,
        /// Limits the list to specs that contain this term in their name, title, description or summary.
        pub term: Option<String>,
    }
    impl crate::operation::sealed::Sealed for ListSpecs {}
    impl crate::operation::Operation for ListSpecs {
        type Response = super::types::SpecPage;
        const NAME: &'static str = "list_specs";
        const METHOD: &'static str = "GET";
        const PATH: &'static str = "/v1/specs/";
        fn path_parameters(&self) -> impl Iterator<Item = (&'static str, &str)> {
            [].into_iter()
        }
        async fn send(
            &self,
            client: &super::Client,
        ) -> Result<
            crate::response::Response<Self::Response>,
            crate::response::Failure,
        > {
            client
                .list_specs(
                    self.featured,
                    self.kind.as_ref(),
                    self.page_number,
                    self.page_size,
                    (!self.scope.is_empty()).then_some(&self.scope),
                    (!self.sort.is_empty()).then_some(&self.sort),
                    (!self.status.is_empty()).then_some(&self.status),
                    self.term.as_deref(),
                )
                .await
        }
    }
    impl crate::operation::ListOperation for ListSpecs {
        type Page = super::types::SpecPage;
        fn page_size(&self) -> Option<u64> {
            self.page_size
        }
        fn set_page_size(&mut self, page_size: Option<u64>) {
            self.page_size = page_size;
        }
        fn set_page_number(&mut self, page_number: Option<u64>) {
            self.page_number = page_number;
        }
    }
    /// The parameters of `GET /v1/specs/{specId}/releases/deployments`: List the deployments of a spec's releases.
    #[derive(Clone, Debug, Default, PartialEq)]
    #[non_exhaustive]
    pub struct ListSpecReleaseDeployments {
        /// ID of the spec.
        pub spec_id: String,
        /**Limits the list to deployments with a matching name. It is assumed that the name must begin with
this text.*/
        pub name: Option<String>,
        /// Number of the page to return. Defaults to 1.
        pub page_number: Option<u64>,
        /// Number of items per page. Defaults to 25.
        pub page_size: Option<u64>,
        /// Sort keys, the most significant first.
        pub sort: ::std::vec::Vec<crate::generated::enumerations::DeploymentSort>,
        /// Limits the list to deployments with one of these statuses. An empty list means no filter.
        pub status: ::std::vec::Vec<crate::generated::enumerations::DeploymentStatus>,
        /**Limits the list to deployments with a matching title. It is assumed that the title must begin with
this text.*/
        pub title: Option<String>,
        /**Limits the list to deployments of the release with this semantic version. If absent, the list
covers all releases.*/
        pub version: Option<String>,
    }
    impl crate::operation::sealed::Sealed for ListSpecReleaseDeployments {}
    impl crate::operation::Operation for ListSpecReleaseDeployments {
        type Response = super::types::DeploymentPage;
        const NAME: &'static str = "list_spec_release_deployments";
        const METHOD: &'static str = "GET";
        const PATH: &'static str = "/v1/specs/{specId}/releases/deployments";
        fn path_parameters(&self) -> impl Iterator<Item = (&'static str, &str)> {
            [("spec_id", self.spec_id.as_str())].into_iter()
        }
        async fn send(
            &self,
            client: &super::Client,
        ) -> Result<
            crate::response::Response<Self::Response>,
            crate::response::Failure,
        > {
            client
                .list_spec_release_deployments(
                    &self.spec_id,
                    self.name.as_deref(),
                    self.page_number,
                    self.page_size,
                    (!self.sort.is_empty()).then_some(&self.sort),
                    (!self.status.is_empty()).then_some(&self.status),
                    self.title.as_deref(),
                    self.version.as_deref(),
                )
                .await
        }
    }
    impl crate::operation::ListOperation for ListSpecReleaseDeployments {
        type Page = super::types::DeploymentPage;
        fn page_size(&self) -> Option<u64> {
            self.page_size
        }
        fn set_page_size(&mut self, page_size: Option<u64>) {
            self.page_size = page_size;
        }
        fn set_page_number(&mut self, page_number: Option<u64>) {
            self.page_number = page_number;
        }
    }
    impl crate::operation::sealed::Sealed for super::types::DeploymentPage {}
    impl crate::operation::Page for super::types::DeploymentPage {
        type Item = super::types::DeploymentSummary;
        fn page_count(&self) -> u64 {
            self.page_count
        }
        fn page_number(&self) -> Option<u64> {
            self.page_number
        }
        fn page_size(&self) -> Option<u64> {
            self.page_size
        }
        fn item_count(&self) -> Option<u64> {
            self.deployment_count
        }
        fn items(&self) -> &[Self::Item] {
            &self.deployments
        }
        fn into_items(self) -> Vec<Self::Item> {
            self.deployments
        }
        fn item_id(item: &Self::Item) -> Option<&str> {
            Some(&item.id)
        }
    }
    impl crate::operation::sealed::Sealed for super::types::SpecPage {}
    impl crate::operation::Page for super::types::SpecPage {
        type Item = super::types::SpecSummary;
        fn page_count(&self) -> u64 {
            self.page_count
        }
        fn page_number(&self) -> Option<u64> {
            self.page_number
        }
        fn page_size(&self) -> Option<u64> {
            self.page_size
        }
        fn item_count(&self) -> Option<u64> {
            self.spec_count
        }
        fn items(&self) -> &[Self::Item] {
            &self.specs
        }
        fn into_items(self) -> Vec<Self::Item> {
            self.specs
        }
        fn item_id(item: &Self::Item) -> Option<&str> {
            Some(&item.id)
        }
    }
}
/// The JSON Schema of each data type, with the name of its schema in the contract.
#[cfg(feature = "schemars")]
pub fn json_schemas() -> Vec<(&'static str, schemars::Schema)> {
    vec![
        ("DeploymentMetadata", schemars::schema_for!(crate ::types::DeploymentMetadata)),
        ("DeploymentPage", schemars::schema_for!(crate ::types::DeploymentPage)),
        ("DeploymentRelease", schemars::schema_for!(crate ::types::DeploymentRelease)),
        ("DeploymentRevision", schemars::schema_for!(crate ::types::DeploymentRevision)),
        ("DeploymentSpec", schemars::schema_for!(crate ::types::DeploymentSpec)),
        ("DeploymentSummary", schemars::schema_for!(crate ::types::DeploymentSummary)),
        ("SpecMetadata", schemars::schema_for!(crate ::types::SpecMetadata)),
        ("SpecPage", schemars::schema_for!(crate ::types::SpecPage)), ("SpecRelease",
        schemars::schema_for!(crate ::types::SpecRelease)), ("SpecSummary",
        schemars::schema_for!(crate ::types::SpecSummary)), ("Tag",
        schemars::schema_for!(crate ::types::Tag)), ("DeploymentSort",
        schemars::schema_for!(crate ::types::DeploymentSort)), ("DeploymentStatus",
        schemars::schema_for!(crate ::types::DeploymentStatus)), ("SpecKind",
        schemars::schema_for!(crate ::types::SpecKind)), ("SpecScope",
        schemars::schema_for!(crate ::types::SpecScope)), ("SpecSort",
        schemars::schema_for!(crate ::types::SpecSort)), ("SpecStatus",
        schemars::schema_for!(crate ::types::SpecStatus))
    ]
}
