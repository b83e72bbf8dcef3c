//! Enumerations that accept values added by newer versions of the service.

/// Defines an enumeration that keeps an unknown value as `Unknown`.
macro_rules! open_enumeration {
    (
        $(#[doc = $doc:literal])+
        $name:ident $($deprecated:ident)? {
            $($(#[doc = $variant_doc:literal])+ $variant:ident = $value:literal,)+
        }
    ) => {
        $(#[doc = $doc])+
        ///
        /// Converts from text. A value that this version doesn't know is kept as
        /// [`Unknown`](Self::Unknown) and sent back unchanged. Values are ordered as listed here,
        /// followed by unknown ones compared as text.
        ///
        /// The default is `Unknown` with an empty string, which means no value.
        $(#[$deprecated])?
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[non_exhaustive]
        pub enum $name {
            $($(#[doc = $variant_doc])+ $variant,)+
            /// A value that this version doesn't know. Convert from text instead of constructing
            /// one.
            Unknown(String),
        }

        impl $name {
            /// The values that the API documents.
            pub const KNOWN: &'static [Self] = &[$(Self::$variant),+];

            /// Returns the value as text, as in requests and responses.
            pub fn as_str(&self) -> &str {
                match self {
                    $(Self::$variant => $value,)+
                    Self::Unknown(value) => value,
                }
            }
        }

        impl Default for $name {
            fn default() -> Self {
                Self::Unknown(String::new())
            }
        }

        impl From<&Self> for $name {
            fn from(value: &Self) -> Self {
                value.clone()
            }
        }

        impl From<&str> for $name {
            fn from(value: &str) -> Self {
                match value {
                    $($value => Self::$variant,)+
                    _ => Self::Unknown(value.to_owned()),
                }
            }
        }

        impl From<&String> for $name {
            fn from(value: &String) -> Self {
                value.as_str().into()
            }
        }

        impl std::str::FromStr for $name {
            type Err = std::convert::Infallible;

            fn from_str(value: &str) -> Result<Self, Self::Err> {
                Ok(value.into())
            }
        }

        crate::text::text!(
            $name,
            schemars::json_schema!({
                "description": concat!($($doc),+).trim(),
                "anyOf": [
                    { "type": "string", "enum": ([$($value),+].as_slice()) },
                    { "type": "string" },
                ],
            })
        );
    };
}
pub(crate) use open_enumeration;
