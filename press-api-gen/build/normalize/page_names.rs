//! Common names of parameters and fields for pagination.

/// Parameters for the page number.
pub(super) const NUMBERS: &[&str] = &[
    "page_number",
    "page",
    "page_no",
    "page_num",
    "page_index",
    "current_page",
    "pagenumber",
    "pageno",
];

/// Parameters for the page size.
pub(super) const SIZES: &[&str] = &[
    "page_size",
    "per_page",
    "limit",
    "size",
    "items_per_page",
    "results_per_page",
    "page_limit",
    "take",
    "max_results",
    "pagesize",
    "perpage",
    "pagelen",
    "page_length",
    "max_items",
    "batch_size",
    "top",
    "rows",
    "count",
    "max",
];

/// Fields for the page count.
pub(super) const COUNTS: &[&str] = &[
    "page_count",
    "total_pages",
    "num_pages",
    "pages_count",
    "total_page_count",
    "number_of_pages",
    "pages_total",
    "total_page",
    "last_page",
    "pagecount",
    "totalpages",
    "max_page",
    "pages",
];

/// Fields for the page number.
pub(super) const POSITIONS: &[&str] =
    &["page_number", "current_page", "page", "page_no", "page_num", "page_index", "number"];

/// Fields for the item count.
pub(super) const TOTALS: &[&str] = &[
    "total_count",
    "total_items",
    "item_count",
    "items_count",
    "total_elements",
    "total_results",
    "total_records",
    "total_entries",
    "total",
];

/// Parameters for the number of items to skip.
pub(super) const OFFSETS: &[&str] =
    &["offset", "skip", "page_offset", "start_index", "start_at", "first_result", "start", "from"];

/// Parameters for a cursor.
pub(super) const CURSORS: &[&str] = &[
    "cursor",
    "page_token",
    "page_cursor",
    "page_after",
    "next_token",
    "next_cursor",
    "next_page_token",
    "continuation_token",
    "starting_after",
    "pagination_token",
    "scroll_id",
    "marker",
    "bookmark",
    "continuation",
    "page_state",
    "last_key",
    "next_page",
    "after",
];

/// Fields for the next cursor or link.
pub(super) const NEXT: &[&str] = &[
    "next_cursor",
    "next_token",
    "next_page_token",
    "continuation_token",
    "end_cursor",
    "odata_next_link",
    "next_link",
    "next_url",
    "next_page_url",
    "cursor",
    "next_page",
    "next",
];

/// Generic names of a list.
pub(super) const GENERIC: &[&str] = &[
    "data",
    "items",
    "results",
    "content",
    "records",
    "rows",
    "entries",
    "values",
    "value",
    "list",
    "elements",
    "nodes",
    "edges",
    "hits",
    "objects",
    "resources",
    "members",
    "collection",
];

/// Fields whose lists are not the main list.
pub(super) const SECONDARY: &[&str] =
    &["errors", "warnings", "messages", "links", "facets", "filters"];

/// Fields for details about the response itself.
pub(super) const ENVELOPE: &[&str] = &[
    "status",
    "message",
    "code",
    "error",
    "kind",
    "object",
    "etag",
    "timestamp",
    "request_id",
    "meta",
    "metadata",
    "pagination",
    "paging",
    "page",
    "page_info",
    "links",
];

/// Fields that wrap the object with the list.
pub(super) const WRAPPERS: &[&str] = &["data", "result", "response", "payload", "embedded", "body"];
