//! Instances, made, changed and deleted.

use aws_sdk_rds::operation::create_db_instance::{CreateDbInstanceInput, CreateDbInstanceOutput};
use aws_sdk_rds::operation::delete_db_instance::{DeleteDbInstanceInput, DeleteDbInstanceOutput};
use aws_sdk_rds::operation::modify_db_instance::{ModifyDbInstanceInput, ModifyDbInstanceOutput};

use super::describe::{self, ENGINE};
use super::state::{Instance, cluster, instance, subnet_group};
use super::tags::{self, invalid};
use crate::sandbox::call::Call;
use crate::sandbox::ec2::network_interface::{self, NewInterface, PublicAddress};
use crate::sandbox::error::ApiError;
use crate::sandbox::world::Tags;

/// RDS API reference, CreateDBInstance: joins an available cluster.
pub(super) fn create(call: &mut Call<'_>, input: &CreateDbInstanceInput) -> Result<CreateDbInstanceOutput, ApiError> {
    let id = tags::identifier(input.db_instance_identifier())?.to_owned();
    if call.world.rds.instances.contains_key(&id) {
        return Err(ApiError::new("DBInstanceAlreadyExists", format!("DB instance already exists: {id}")));
    }
    if input.engine() != Some(ENGINE) || input.db_instance_class() != Some("db.serverless") {
        return Err(invalid("The sandbox simulates instances of aurora-postgresql of the class db.serverless."));
    }
    let it = cluster(call, input.db_cluster_identifier())?.available(call.now)?;
    let (cluster, groups, subnets) = (it.id.clone(), it.groups.clone(), it.subnet_group.clone());
    let subnet = subnet_group(call, Some(&subnets))?.subnets.first().cloned().unwrap_or_default();
    let tags = tags::read(input.tags())?;
    let interface = NewInterface {
        subnet_id: &subnet,
        description: "RDSNetworkInterface".to_owned(),
        interface_type: "interface",
        requester: "amazon-rds",
        groups: &groups,
        public: PublicAddress::None,
        tags: Tags::new(),
    };
    let interface = network_interface::create(call, interface)?;
    let made = Instance {
        arn: call.arn("rds", &format!("db:{id}")),
        id: id.clone(),
        cluster,
        created_at: call.now,
        available_at: call.now + call.durations().aurora_instance_available,
        gone_at: None,
        class: "db.serverless".to_owned(),
        public: input.publicly_accessible().unwrap_or_default(),
        minor_upgrades: input.auto_minor_version_upgrade().unwrap_or(true),
        interface,
        tags,
    };
    let output = CreateDbInstanceOutput::builder().db_instance(describe::instance(&made, call.now));
    call.world.rds.instances.insert(id, made);
    Ok(output.build())
}

fn available(call: &Call<'_>, id: Option<&str>) -> Result<Instance, ApiError> {
    let found = instance(call, id)?;
    match found.status(call.now) {
        "available" => Ok(found.clone()),
        status => Err(ApiError::new(
            "InvalidDBInstanceState",
            format!("Instance {} is not in a valid state for this operation: it is {status}.", found.id),
        )),
    }
}

/// RDS API reference, ModifyDBInstance.
pub(super) fn modify(call: &mut Call<'_>, input: &ModifyDbInstanceInput) -> Result<ModifyDbInstanceOutput, ApiError> {
    let mut it = available(call, input.db_instance_identifier())?;
    if let Some(class) = input.db_instance_class() {
        if !class.starts_with("db.") {
            return Err(invalid(format!("Invalid DB Instance class: {class}")));
        }
        class.clone_into(&mut it.class);
    }
    it.public = input.publicly_accessible().unwrap_or(it.public);
    it.minor_upgrades = input.auto_minor_version_upgrade().unwrap_or(it.minor_upgrades);
    let output = ModifyDbInstanceOutput::builder().db_instance(describe::instance(&it, call.now));
    call.world.rds.instances.insert(it.id.clone(), it);
    Ok(output.build())
}

/// RDS API reference, DeleteDBInstance. Its interface stays until it is gone.
pub(super) fn delete(call: &mut Call<'_>, input: &DeleteDbInstanceInput) -> Result<DeleteDbInstanceOutput, ApiError> {
    let mut it = available(call, input.db_instance_identifier())?;
    if input.skip_final_snapshot() != Some(true) {
        let message = "FinalDBSnapshotIdentifier is required unless SkipFinalSnapshot is specified.";
        return Err(ApiError::new("InvalidParameterCombination", message));
    }
    let gone_at = call.now + call.durations().aurora_instance_deleted;
    it.gone_at = Some(gone_at);
    let mine = it.interface.clone();
    network_interface::expire(call, gone_at, |interface| interface.meta.id == mine);
    let output = DeleteDbInstanceOutput::builder().db_instance(describe::instance(&it, call.now));
    call.world.rds.instances.insert(it.id.clone(), it);
    Ok(output.build())
}
