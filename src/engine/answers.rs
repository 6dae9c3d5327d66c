//! Answers that several looks share, so that no survey asks the same thing twice.

use std::{
    any::Any,
    collections::BTreeMap,
    fmt,
    future::Future,
    sync::{Arc, Mutex, PoisonError},
};

use tokio::sync::OnceCell;

use super::Failure;

type Answer = Arc<dyn Any + Send + Sync>;

/// What was answered during one survey, by question. Kinds agree on a question's words: the call and all that it is about.
#[derive(Default)]
pub struct Answers(Mutex<BTreeMap<String, Arc<OnceCell<Answer>>>>);

impl Answers {
    /// The answer to a question, asked by whoever wants it first; who wants it meanwhile waits for the same answer. A failure is
    /// not kept.
    ///
    /// # Errors
    /// That of asking; a failure of the tool itself where two kinds mean different things by the same words.
    pub async fn once<T, F>(&self, question: &str, ask: impl FnOnce() -> F) -> Result<Arc<T>, Failure>
    where
        T: Send + Sync + 'static,
        F: Future<Output = Result<T, Failure>>,
    {
        let cell =
            self.0.lock().unwrap_or_else(PoisonError::into_inner).entry(question.to_owned()).or_default().clone();
        let answer = cell.get_or_try_init(async || ask().await.map(|answer| Arc::new(answer) as Answer)).await?;
        let typed = answer.clone().downcast();
        typed.map_err(|_| Failure::internal(format!("'{question}' is asked by kinds that expect different answers")))
    }
}

impl fmt::Debug for Answers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.lock().unwrap_or_else(PoisonError::into_inner).keys()).finish()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;
    use crate::engine::Class;

    #[tokio::test]
    async fn a_question_is_asked_once_and_again_after_a_failure() {
        let (answers, asked) = (Answers::default(), AtomicUsize::new(0));
        let ask = async |answer: Result<u32, Failure>| {
            answers
                .once("how many", || async {
                    asked.fetch_add(1, Ordering::Relaxed);
                    tokio::task::yield_now().await;
                    answer
                })
                .await
        };
        assert!(ask(Err(Failure::new(Class::Throttled, "busy"))).await.is_err());
        let (one, two) = tokio::join!(ask(Ok(7)), ask(Ok(8)));
        assert_eq!((one.expect("asked").as_ref(), two.expect("shared").as_ref()), (&7, &7));
        assert_eq!(asked.load(Ordering::Relaxed), 2);
        let other = answers.once("how many", || async { Ok("seven") }).await;
        assert_eq!(other.expect_err("another type").class, Class::Internal);
    }
}
