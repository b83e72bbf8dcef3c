//! What `cargo xtask` does.
//!
//! | module | answers |
//! |---|---|
//! | [`codegen`] | is `press-api-gen/src/generated.rs` what `openapi/press.yaml` generates, and if not, write it |
//! | [`contract`] | is `openapi/press.yaml` something that can be generated from, and if not, what to write instead |
//! | [`api_diff`] | what does a change of `openapi/press.yaml` mean for users of the crate |

pub mod api_diff;
pub mod codegen;
pub mod contract;
mod generator;
mod pointer;
pub mod workspace;
