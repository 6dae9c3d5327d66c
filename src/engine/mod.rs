//! The resource contract, the graph, the plan and the scheduler. Knows nothing of AWS, terminals or files.
//!
//! Reading order: [`key`] and [`output`] (how resources refer to each other), [`resource`] (the contract of one kind),
//! [`blueprint`] (what is wanted), [`record`] (what is remembered), [`survey`] (what is there), [`plan`] (the difference),
//! [`execute`] (one step) and [`schedule`] (all of them).

pub mod answers;
pub mod blueprint;
pub mod diff;
pub mod environment;
pub mod event;
pub mod execute;
pub mod failure;
pub mod generation;
pub mod interrupt;
pub mod key;
pub mod kind;
pub mod order;
pub mod output;
pub mod plan;
pub mod record;
pub mod resource;
pub mod retry;
pub mod room;
pub mod schedule;
pub mod survey;
pub mod yielded;

pub use answers::Answers;
pub use blueprint::{Blueprint, Chapter, Handle, Node};
pub use environment::{Environment, Tags};
pub use event::{Event, Observer};
pub use failure::{Class, Failure};
pub use interrupt::Interrupt;
pub use key::Key;
pub use kind::{Erased, Kind, Kinds};
pub use output::{Output, Outputs, Reference};
pub use plan::{Action, Plan, Planner, Step};

pub use record::{Book, Entry, Ledger, Phase, Record};
pub use resource::{
    Change, Changes, Created, Field, Gone, Identity, Life, Manner, Naming, Physical, Readiness, Repeat, Resource,
    Scope, Sighting, Tagged, Target, Wait, When,
};
pub use room::Room;
