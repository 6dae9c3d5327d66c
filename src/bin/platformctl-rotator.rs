//! The function that rotates credentials: see `platformctl::rotator`.

use lambda_runtime::{Error, LambdaEvent, service_fn};
use platformctl::{aws::rotating::Rotating, rotator::Event};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let rotating = Rotating::from_environment().await?;
    let step = async |event: LambdaEvent<Event>| {
        let outcome = rotating.run(&event.payload).await;
        println!("{}", event.payload.line(&outcome));
        outcome.map_err(Error::from)
    };
    lambda_runtime::run(service_fn(step)).await
}
