//! One client under load: many tasks, calls that are dropped.

use futures::{StreamExt, TryStreamExt, stream};
use press_specs::{
    ErrorKind,
    mock::{Fault, MockPress},
};
use tokio::time::timeout;

use crate::{Outcome, PATIENCE, client, ids};

const TASKS: usize = 300;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_client_serves_hundreds_of_tasks() -> Outcome {
    let mock = MockPress::builder().generated_specs(30).generated_deployments(2).start()?;
    let client = client(&mock)?;
    let expected = mock.spec_ids();
    let tasks: Vec<_> = (0..TASKS)
        .map(|number| {
            let client = client.clone();
            let spec = expected[number % expected.len()].clone();
            tokio::spawn(async move {
                let specs = ids(client.list_specs().page_size(10).concurrency(1 + number % 3).stream()).await?;
                let deployments = client.list_spec_release_deployments(spec).page(1).await?;
                Ok::<_, press_specs::Error>((specs, deployments.deployments.len()))
            })
        })
        .collect();
    for task in tasks {
        let (specs, deployments) = timeout(PATIENCE, task).await???;
        assert_eq!((&specs, deployments), (&expected, 2));
    }
    assert_eq!(mock.request_count(), TASKS * 4);
    Ok(())
}

#[tokio::test]
async fn connections_are_used_again() -> Outcome {
    const AT_ONCE: usize = 8;
    let mock = MockPress::builder().generated_specs(3).start()?;
    let client = client(&mock)?;
    let calls = stream::iter(0..TASKS).map(|_| client.list_specs().page(1));
    let pages: Vec<_> = calls.buffer_unordered(AT_ONCE).try_collect().await?;
    assert_eq!((pages.len(), mock.request_count()), (TASKS, TASKS));
    // A new connection may lose against one that becomes free meanwhile, and is kept for later.
    assert!(mock.connections() <= TASKS / 5, "{} connections", mock.connections());

    // Refusals and bodies that cannot be used do not cost the connection either.
    let before = mock.connections();
    for number in 0..50 {
        mock.fault(match number % 3 {
            0 => Fault::status(404),
            1 => Fault::raw_body("nonsense"),
            _ => Fault::status(503).html("<html>"),
        });
        let _ = client.list_specs().page(1).await;
    }
    assert_eq!(mock.connections(), before);
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_errors_of_tasks_are_their_own() -> Outcome {
    let mock = MockPress::builder().generated_specs(10).start()?;
    let known = mock.spec_ids().remove(0);
    let client = client(&mock)?;
    let tasks: Vec<_> = (0..TASKS)
        .map(|number| {
            let (client, known) = (client.clone(), known.clone());
            tokio::spawn(async move {
                match number % 3 {
                    0 => client.list_spec_release_deployments("nobody").page(1).await.err().map(|it| it.kind()),
                    1 => client.list_specs().kind("robot").stream().try_next().await.err().map(|it| it.kind()),
                    _ => client.list_spec_release_deployments(known).page(1).await.err().map(|it| it.kind()),
                }
            })
        })
        .collect();
    let expected = [Some(ErrorKind::NotFound), Some(ErrorKind::BadRequest), None];
    for (task, number) in tasks.into_iter().zip(0..) {
        assert_eq!(timeout(PATIENCE, task).await??, expected[number % 3]);
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn calls_dropped_in_flight_are_cancelled_and_harm_nobody() -> Outcome {
    const DROPPED: usize = 100;
    let hang = Fault::hang().on_page(2).always();
    let mock = MockPress::builder().generated_specs(60).fault(hang).start()?;
    let client = client(&mock)?;
    let tasks: Vec<_> = (0..DROPPED)
        .map(|number| {
            let client = client.clone();
            let specs = client.list_specs();
            // Single pages, and walks that are stuck at their second page.
            if number % 2 == 0 {
                tokio::spawn(async move { specs.page(2).await.map(drop) })
            } else {
                tokio::spawn(async move { ids(specs.start_page(2).concurrency(2).stream()).await.map(drop) })
            }
        })
        .collect();
    mock.wait_for_requests(DROPPED, PATIENCE).await?;
    let others = stream::iter(0..50).map(|_| client.list_specs().page(1)).buffer_unordered(10);
    assert_eq!(others.try_collect::<Vec<_>>().await?.len(), 50);
    assert_eq!(mock.in_flight(), DROPPED);
    for task in &tasks {
        task.abort();
    }
    mock.wait_for_aborted(DROPPED, PATIENCE).await?;
    assert_eq!(mock.in_flight(), 0);
    assert_eq!(client.list_specs().page(1).await?.specs.len(), 25);
    Ok(())
}
