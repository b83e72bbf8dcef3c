// Generated from openapi/press.yaml; do not edit, run `cargo xtask codegen`.
// Generator: progenitor 0.15.1

/// The SHA-256 digest of the press.yaml from which this code was generated.
pub const CONTRACT_SHA256: &str = "eb815b5ddbf09a710bf70164801bf2954254b1d7f1aeab5c0e745289562d639c";
#[allow(unused_imports)]
use progenitor_client::{encode_path, ClientHooks, OperationInfo, RequestBuilderExt};
/// Types used as operation parameters and responses.
#[allow(clippy::all)]
pub mod types {
    /// What is said about a deployment.
    #[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
    #[non_exhaustive]
    #[derive(Clone, Debug, PartialEq, Default)]
    pub struct DeploymentMetadata {
        /// When the deployment was created.
        #[cfg_attr(feature = "schemars", schemars(rename = "createdAt"))]
        pub created_at: ::std::option::Option<crate::timestamp::Timestamp>,
        /// Who created the deployment, usually an e-mail address.
        #[cfg_attr(feature = "schemars", schemars(rename = "createdBy"))]
        pub created_by: ::std::option::Option<::std::string::String>,
        /// What the deployment is, at length.
        pub description: ::std::option::Option<::std::string::String>,
        /// The media type of the description, for example `text/markdown`.
        #[cfg_attr(feature = "schemars", schemars(rename = "descriptionContentType"))]
        pub description_content_type: ::std::option::Option<::std::string::String>,
        /// The address of an image.
        #[cfg_attr(feature = "schemars", schemars(rename = "imageUrl"))]
        pub image_url: ::std::option::Option<::std::string::String>,
        /// The name of the deployment.
        pub name: ::std::option::Option<::std::string::String>,
        /// The status of the deployment.
        pub status: ::std::option::Option<
            crate::generated::enumerations::DeploymentStatus,
        >,
        /// What the deployment is, in a sentence.
        pub summary: ::std::option::Option<::std::string::String>,
        /// The tags of the deployment.
        pub tags: ::std::option::Option<::std::vec::Vec<Tag>>,
        /// The title that people see.
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
        /// How many deployments there are on all pages.
        #[cfg_attr(feature = "schemars", schemars(rename = "deploymentCount"))]
        pub deployment_count: ::std::option::Option<u64>,
        /// The deployments of this page.
        pub deployments: ::std::vec::Vec<DeploymentSummary>,
        /// How many pages there are.
        #[cfg_attr(feature = "schemars", schemars(rename = "pageCount"))]
        pub page_count: u64,
        /// The number of this page, from 1.
        #[cfg_attr(feature = "schemars", schemars(rename = "pageNumber"))]
        pub page_number: ::std::option::Option<u64>,
        /// How many deployments a page holds.
        #[cfg_attr(feature = "schemars", schemars(rename = "pageSize"))]
        pub page_size: ::std::option::Option<u64>,
        /// Each field that the contract does not name.
        #[cfg_attr(feature = "schemars", schemars(flatten))]
        pub extra: ::serde_json::Map<::std::string::String, ::serde_json::Value>,
    }
    /// The release that is deployed.
    #[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
    #[non_exhaustive]
    #[derive(Clone, Debug, PartialEq, Default)]
    pub struct DeploymentRelease {
        /// The semantic version of the release.
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
        /// When the revision was created.
        #[cfg_attr(feature = "schemars", schemars(rename = "createdAt"))]
        pub created_at: ::std::option::Option<crate::timestamp::Timestamp>,
        /// Who created the revision, usually an e-mail address.
        #[cfg_attr(feature = "schemars", schemars(rename = "createdBy"))]
        pub created_by: ::std::option::Option<::std::string::String>,
        /// The id of the revision, usually a UUID.
        pub id: ::std::option::Option<::std::string::String>,
        /// The notes of the revision.
        pub notes: ::std::option::Option<::std::string::String>,
        /// The number of the revision.
        pub revision: ::std::option::Option<u64>,
        /// The status of the revision.
        pub status: ::std::option::Option<
            crate::generated::enumerations::DeploymentStatus,
        >,
        /// Each field that the contract does not name.
        #[cfg_attr(feature = "schemars", schemars(flatten))]
        pub extra: ::serde_json::Map<::std::string::String, ::serde_json::Value>,
    }
    /// The spec that a deployment belongs to.
    #[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
    #[non_exhaustive]
    #[derive(Clone, Debug, PartialEq, Default)]
    pub struct DeploymentSpec {
        /// The id of the spec, usually a UUID.
        pub id: ::std::option::Option<::std::string::String>,
        /// The release that is deployed.
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
        /// The id of the deployment, usually a UUID.
        pub id: ::std::string::String,
        /// What is deployed.
        pub kind: ::std::option::Option<crate::generated::enumerations::SpecKind>,
        /// The latest revision of the deployment.
        #[cfg_attr(feature = "schemars", schemars(rename = "latestRevision"))]
        pub latest_revision: ::std::option::Option<DeploymentRevision>,
        /// What is said about the deployment.
        pub metadata: ::std::option::Option<DeploymentMetadata>,
        /// The spec and the release that are deployed.
        pub spec: ::std::option::Option<DeploymentSpec>,
        /// Each field that the contract does not name.
        #[cfg_attr(feature = "schemars", schemars(flatten))]
        pub extra: ::serde_json::Map<::std::string::String, ::serde_json::Value>,
    }
    /// What the publisher of a spec says about it.
    #[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
    #[non_exhaustive]
    #[derive(Clone, Debug, PartialEq, Default)]
    pub struct SpecMetadata {
        /// When the spec was created.
        #[cfg_attr(feature = "schemars", schemars(rename = "createdAt"))]
        pub created_at: ::std::option::Option<crate::timestamp::Timestamp>,
        /// Who created the spec, usually an e-mail address.
        #[cfg_attr(feature = "schemars", schemars(rename = "createdBy"))]
        pub created_by: ::std::option::Option<::std::string::String>,
        /// What the spec is, at length.
        pub description: ::std::option::Option<::std::string::String>,
        /// The media type of the description, for example `text/markdown`.
        #[cfg_attr(feature = "schemars", schemars(rename = "descriptionContentType"))]
        pub description_content_type: ::std::option::Option<::std::string::String>,
        /// The address of an image.
        #[cfg_attr(feature = "schemars", schemars(rename = "imageUrl"))]
        pub image_url: ::std::option::Option<::std::string::String>,
        /// The name of the spec.
        pub name: ::std::option::Option<::std::string::String>,
        /// Whether the spec can be used.
        pub status: ::std::option::Option<crate::generated::enumerations::SpecStatus>,
        /// What the spec is, in a sentence.
        pub summary: ::std::option::Option<::std::string::String>,
        /// The tags of the spec.
        pub tags: ::std::option::Option<::std::vec::Vec<Tag>>,
        /// The title that people see.
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
        /// How many pages there are.
        #[cfg_attr(feature = "schemars", schemars(rename = "pageCount"))]
        pub page_count: u64,
        /// The number of this page, from 1.
        #[cfg_attr(feature = "schemars", schemars(rename = "pageNumber"))]
        pub page_number: ::std::option::Option<u64>,
        /// How many specs a page holds.
        #[cfg_attr(feature = "schemars", schemars(rename = "pageSize"))]
        pub page_size: ::std::option::Option<u64>,
        /// How many specs there are on all pages.
        #[cfg_attr(feature = "schemars", schemars(rename = "specCount"))]
        pub spec_count: ::std::option::Option<u64>,
        /// The specs of this page.
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
        /// When the release was created.
        #[cfg_attr(feature = "schemars", schemars(rename = "createdAt"))]
        pub created_at: ::std::option::Option<crate::timestamp::Timestamp>,
        /// Who created the release, usually an e-mail address.
        #[cfg_attr(feature = "schemars", schemars(rename = "createdBy"))]
        pub created_by: ::std::option::Option<::std::string::String>,
        /// The id of the release, usually a UUID.
        pub id: ::std::option::Option<::std::string::String>,
        /// The release notes.
        pub notes: ::std::option::Option<::std::string::String>,
        /// The semantic version of the release.
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
        /// Whether the spec is featured.
        pub featured: ::std::option::Option<bool>,
        /// The id of the spec, usually a UUID.
        pub id: ::std::string::String,
        /// What the spec describes.
        pub kind: ::std::option::Option<crate::generated::enumerations::SpecKind>,
        /// The latest release of the spec.
        #[cfg_attr(feature = "schemars", schemars(rename = "latestRelease"))]
        pub latest_release: ::std::option::Option<SpecRelease>,
        /// What the publisher says about the spec.
        pub metadata: ::std::option::Option<SpecMetadata>,
        /// Who can see the spec.
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
        /// The name of the tag.
        pub name: ::std::option::Option<::std::string::String>,
        /// Each field that the contract does not name.
        #[cfg_attr(feature = "schemars", schemars(flatten))]
        pub extra: ::serde_json::Map<::std::string::String, ::serde_json::Value>,
    }
}
#[derive(Clone, Debug)]
/**Client for Press Specs API

Read access to the App and Block *specs* that are published on the Peak platform, and to the
*deployments* of their releases.

Version: v1*/
pub struct Client {
    pub(crate) baseurl: String,
    pub(crate) client: reqwest::Client,
    pub(crate) inner: crate::hooks::Attempt,
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
        inner: crate::hooks::Attempt,
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

All published App and Block specs, ordered by creation date, each with its latest release.

Sends a `GET` request to `/v1/specs/`

Arguments:
- `featured`: Only featured specs (`true`), or only specs that are not featured (`false`).
- `kind`: Only specs of this kind.
- `page_number`: The page to return. The service's default is 1.
- `page_size`: How many items a page holds. The service's default is 25.
- `scope`: Only specs of these scopes.
- `sort`: Ordering of the specs, the most significant key first.
- `status`: Only specs with one of these statuses.
- `term`: Only specs that contain this term in their name, title, description or summary.
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
    ) -> Result<crate::decode::Response<types::SpecPage>, crate::decode::Failure> {
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
        crate::hooks::json(self, request).await
    }
    /**List the deployments of a spec's releases

The deployments of the releases of an App or Block spec, newest first.

Sends a `GET` request to `/v1/specs/{specId}/releases/deployments`

Arguments:
- `spec_id`: The id of the spec.
- `name`: Only deployments whose name begins with this.
- `page_number`: The page to return. The service's default is 1.
- `page_size`: How many items a page holds. The service's default is 25.
- `sort`: Ordering of the deployments, the most significant key first.
- `status`: Only deployments with one of these statuses.
- `title`: Only deployments whose title begins with this.
- `version`: Only deployments of the release with this semantic version. Not given: of all releases.
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
    ) -> Result<crate::decode::Response<types::DeploymentPage>, crate::decode::Failure> {
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
        crate::hooks::json(self, request).await
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
        #[doc = "One key of the ordering of deployments, `<field>:<order>`."]
        DeploymentSort { #[doc = "`createdAt:asc`: By creation date, the oldest first."]
        CreatedAtAsc = "createdAt:asc", #[doc =
        "`createdAt:desc`: By creation date, the newest first."] CreatedAtDesc =
        "createdAt:desc", #[doc = "`createdBy:asc`: By creator, from A to Z."]
        CreatedByAsc = "createdBy:asc", #[doc =
        "`createdBy:desc`: By creator, from Z to A."] CreatedByDesc = "createdBy:desc",
        #[doc = "`name:asc`: By name, from A to Z."] NameAsc = "name:asc", #[doc =
        "`name:desc`: By name, from Z to A."] NameDesc = "name:desc", }
    }
    crate::open_enum::open_enumeration! {
        #[doc = "The status of a deployment or of one of its revisions."]
        DeploymentStatus { #[doc = "`deleting`: The deployment is being deleted."]
        Deleting = "deleting", #[doc = "`delete_failed`: Deleting failed."] DeleteFailed
        = "delete_failed", #[doc = "`deployed`: The deployment is in place."] Deployed =
        "deployed", #[doc = "`deploying`: It is being deployed."] Deploying =
        "deploying", #[doc = "`failed`: Deploying failed."] Failed = "failed", #[doc =
        "`platform_resource_error`: A resource of the platform has an error."]
        PlatformResourceError = "platform_resource_error", #[doc =
        "`redeploying`: It is being deployed again."] Redeploying = "redeploying", #[doc
        = "`rollback`: It is being rolled back."] Rollback = "rollback", #[doc =
        "`rollback_complete`: Rolling back is complete."] RollbackComplete =
        "rollback_complete", #[doc = "`rollback_failed`: Rolling back failed."]
        RollbackFailed = "rollback_failed", #[doc =
        "`warning`: The deployment has a warning."] Warning = "warning", }
    }
    crate::open_enum::open_enumeration! {
        #[doc = "What a spec describes."] SpecKind { #[doc = "`app`: An App."] App =
        "app", #[doc = "`workflow`: A workflow."] Workflow = "workflow", #[doc =
        "`service`: A service."] Service = "service", }
    }
    crate::open_enum::open_enumeration! {
        #[doc = "Who can see a spec."] SpecScope { #[doc = "`private`: A private spec."]
        Private = "private", #[doc = "`public`: A public spec."] Public = "public", #[doc
        = "`shared`: A shared spec."] Shared = "shared", }
    }
    crate::open_enum::open_enumeration! {
        #[doc = "One key of the ordering of specs, `<field>:<order>`."] SpecSort { #[doc
        = "`createdAt:asc`: By creation date, the oldest first."] CreatedAtAsc =
        "createdAt:asc", #[doc = "`createdAt:desc`: By creation date, the newest first."]
        CreatedAtDesc = "createdAt:desc", #[doc =
        "`createdBy:asc`: By creator, from A to Z."] CreatedByAsc = "createdBy:asc",
        #[doc = "`createdBy:desc`: By creator, from Z to A."] CreatedByDesc =
        "createdBy:desc", #[doc = "`name:asc`: By name, from A to Z."] NameAsc =
        "name:asc", #[doc = "`name:desc`: By name, from Z to A."] NameDesc = "name:desc",
        #[doc = "`title:asc`: By title, from A to Z."] TitleAsc = "title:asc", #[doc =
        "`title:desc`: By title, from Z to A."] TitleDesc = "title:desc", }
    }
    crate::open_enum::open_enumeration! {
        #[doc = "Whether a spec can be used."] SpecStatus { #[doc =
        "`available`: The spec is available."] Available = "available", #[doc =
        "`unavailable`: The spec is unavailable."] Unavailable = "unavailable", #[doc =
        "`archived`: The spec is archived."] Archived = "archived", }
    }
}
/// The paginated operations of the contract, each with its parameters.
pub mod operations {
    /// The parameters of `GET /v1/specs/`: List the published App and Block specs.
    #[derive(Clone, Debug, Default, PartialEq)]
    #[non_exhaustive]
    pub struct ListSpecs {
        /// Only featured specs (`true`), or only specs that are not featured (`false`).
        pub featured: Option<bool>,
        /// Only specs of this kind.
        pub kind: Option<crate::generated::enumerations::SpecKind>,
        /// The page to return. The service's default is 1.
        pub page_number: Option<u64>,
        /// How many items a page holds. The service's default is 25.
        pub page_size: Option<u64>,
        /// Only specs of these scopes.
        pub scope: ::std::vec::Vec<crate::generated::enumerations::SpecScope>,
        /// Ordering of the specs, the most significant key first.
        pub sort: ::std::vec::Vec<crate::generated::enumerations::SpecSort>,
        /// Only specs with one of these statuses.
        pub status: ::std::vec::Vec<crate::generated::enumerations::SpecStatus>,
        /// Only specs that contain this term in their name, title, description or summary.
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
        ) -> Result<crate::decode::Response<Self::Response>, crate::decode::Failure> {
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
            self.page_size.map(Into::into)
        }
        fn set_page_size(&mut self, page_size: Option<u32>) {
            self.page_size = page_size.map(Into::into);
        }
        fn set_page_number(&mut self, page_number: Option<u32>) {
            self.page_number = page_number.map(Into::into);
        }
    }
    /// The parameters of `GET /v1/specs/{specId}/releases/deployments`: List the deployments of a spec's releases.
    #[derive(Clone, Debug, Default, PartialEq)]
    #[non_exhaustive]
    pub struct ListSpecReleaseDeployments {
        /// The id of the spec.
        pub spec_id: String,
        /// Only deployments whose name begins with this.
        pub name: Option<String>,
        /// The page to return. The service's default is 1.
        pub page_number: Option<u64>,
        /// How many items a page holds. The service's default is 25.
        pub page_size: Option<u64>,
        /// Ordering of the deployments, the most significant key first.
        pub sort: ::std::vec::Vec<crate::generated::enumerations::DeploymentSort>,
        /// Only deployments with one of these statuses.
        pub status: ::std::vec::Vec<crate::generated::enumerations::DeploymentStatus>,
        /// Only deployments whose title begins with this.
        pub title: Option<String>,
        /// Only deployments of the release with this semantic version. Not given: of all releases.
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
        ) -> Result<crate::decode::Response<Self::Response>, crate::decode::Failure> {
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
            self.page_size.map(Into::into)
        }
        fn set_page_size(&mut self, page_size: Option<u32>) {
            self.page_size = page_size.map(Into::into);
        }
        fn set_page_number(&mut self, page_number: Option<u32>) {
            self.page_number = page_number.map(Into::into);
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
