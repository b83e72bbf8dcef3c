//! Each parameter of an operation has a setter.

use press_specs::{Session, get_client};

use crate::Outcome;

#[test]
fn requests_can_set_every_parameter() -> Outcome {
    let client = get_client(Session::builder().auth_token("token").build()?)?;
    let specs = client.list_specs().status(["available"]).featured(true).kind("app").term("a");
    let specs = specs.sort(["name:asc"]).scope(["public"]).page_size(7);
    let deployments = client.list_spec_release_deployments("id").version("1.0.0").status(["failed"]);
    let deployments = deployments.name("a").title("a").sort(["name:asc"]).page_size(7);
    for (request, operation) in
        [(format!("{specs:?}"), "ListSpecs {"), (format!("{deployments:?}"), "ListSpecReleaseDeployments {")]
    {
        // The generated type prints a field for each parameter of the document.
        let (_, parameters) = request.split_once(operation).ok_or("no operation")?;
        let (parameters, _) = parameters.split_once('}').ok_or("no end")?;
        let unset = parameters.replace("page_number: None", "");
        assert!(!unset.contains("None") && !unset.contains("[]"), "a parameter without a setter: {parameters}");
    }
    Ok(())
}
